import { isOver, isTearingDown } from '../../machines/job/written-state.ts';
import type { StoredJournalEntry } from '../store/tables/journal.ts';
import { percentile } from './percentile.ts';

/** How long jobs stayed in a state, over the last stays; milliseconds. */
export interface PhaseStat {
  stays: number;
  median: number;
  p95: number;
  /** Failures that happened in the state. */
  failures: number;
}

/** Older stays are forgotten. */
const MOST_STAYS_PER_STATE = 500;

/**
 * The median and the 95th percentile of the stays in each state, nested states included, and the number of
 * its failures, from the journal's transitions. A stay whose beginning is not in the entries is not counted.
 */
export class PhaseStats {
  readonly #stays = new Map<string, number[]>();
  readonly #failures = new Map<string, number>();
  /** By actor, the states that it is in, and since when. */
  readonly #inside = new Map<string, Map<string, number>>();
  readonly #onStay: (stay: { state: string; ms: number; entry: StoredJournalEntry }) => void;

  constructor(
    onStay: (stay: { state: string; ms: number; entry: StoredJournalEntry }) => void = () => undefined,
  ) {
    this.#onStay = onStay;
  }

  add(entry: StoredJournalEntry): void {
    if (entry.kind === 'daemon') this.#inside.clear();
    if (entry.kind !== undefined) return;
    const { actor, at, from, to, detail, event } = entry;
    const isFailure = detail !== undefined && !isTearingDown(from);
    if (isFailure) for (const state of statesIn(from)) this.#failures.set(state, this.#failed(state) + 1);
    if (event === 'daemon.restarted') return;
    const before = this.#inside.get(actor) ?? new Map<string, number>();
    const now = statesIn(to);
    const after = new Map(now.map((state) => [state, before.get(state) ?? at]));
    for (const [state, since] of before) {
      if (after.has(state)) continue;
      this.#keep(state, at - since);
      this.#onStay({ state, ms: at - since, entry });
    }
    if (isOver(to)) this.#inside.delete(actor);
    else this.#inside.set(actor, after);
  }

  all(): Record<string, PhaseStat> {
    const states = new Set([...this.#stays.keys(), ...this.#failures.keys()]);
    return Object.fromEntries([...states].map((state) => [state, this.of(state)]));
  }

  of(state: string): PhaseStat {
    const sorted = [...(this.#stays.get(state) ?? [])].sort((a, b) => a - b);
    const [median, p95] = [percentile(sorted, 0.5), percentile(sorted, 0.95)];
    return { stays: sorted.length, median, p95, failures: this.#failed(state) };
  }

  #failed(state: string): number {
    return this.#failures.get(state) ?? 0;
  }

  #keep(state: string, ms: number): void {
    const stays = this.#stays.get(state) ?? [];
    stays.push(ms);
    if (stays.length > MOST_STAYS_PER_STATE) stays.shift();
    this.#stays.set(state, stays);
  }
}

/** `running.busy.watching` is three states; the path of a parallel state has those of each part. */
export function statesIn(path: string): string[] {
  const states = path.split(', ').flatMap((part) => {
    const names = part.split('.');
    return names.map((_, index) => names.slice(0, index + 1).join('.'));
  });
  return [...new Set(states)].filter(Boolean);
}
