import { takesJobs } from '../journal/facts/takes-jobs.js';
import type { StoredJournalEntry } from '../store/tables/journal.ts';

/**
 * A time in one state: that of the host's machine, `cordoned` if it would take jobs otherwise, `unwatched`
 * while no daemon ran.
 */
export interface HostStay {
  state: string;
  /** Epoch ms; a stay lasts until the next one begins, the last one until now. */
  from: number;
}

/** Older stays are forgotten. */
const MOST_STAYS_PER_HOST = 200;

/** The health of each host over time, from the journal. */
export class HostHistory {
  readonly #stays = new Map<string, HostStay[]>();

  add({ kind, at, host, to, detail }: StoredJournalEntry): void {
    // A daemon that dies cannot write about it, so its last entry is the last that is known.
    const heardLast = Number(detail?.heardLast ?? at);
    if (kind === 'daemon') for (const name of this.#stays.keys()) this.#note(name, 'unwatched', heardLast);
    if (kind === 'host' && host !== null)
      this.#note(host, detail?.cordon && takesJobs(to) ? 'cordoned' : to, at);
  }

  /** The oldest first. */
  of(host: string): readonly HostStay[] {
    return this.#stays.get(host) ?? [];
  }

  #note(host: string, state: string, from: number): void {
    const stays = this.#stays.get(host) ?? [];
    if (stays.at(-1)?.state === state) return;
    this.#stays.set(host, [...stays, { state, from }].slice(-MOST_STAYS_PER_HOST));
  }
}
