import type { Journal, JournalEntry, StoredJournalEntry } from '../store/tables/journal.ts';

/** Milliseconds after which what stands unchanged is written down again: no moment is told from far away. */
const WRITTEN_AGAIN = 15 * 60_000;

/**
 * Writes the journal so that any moment can be told from a bounded piece of it: each entry says where reading has
 * to begin, at the first entry of the oldest actor that lives and the last one of whatever stands beside the jobs:
 * hosts, webhooks, breakers.
 */
export class Chronicle {
  readonly #journal: Pick<Journal, 'append'>;
  /** By the entry from which it can be told, the oldest first. */
  readonly #firstOf = new Map<string, number>();
  /** The last entry of what stands beside the jobs, the oldest first. */
  readonly #standing = new Map<string, JournalEntry>();
  readonly #listeners = new Set<(entry: StoredJournalEntry) => void>();

  constructor(journal: Pick<Journal, 'append'>) {
    this.#journal = journal;
  }

  /** Gets every entry, in the stretch in which it is made: long before it is durable. */
  subscribe(listener: (entry: StoredJournalEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A transition of a job's actor; `isOver` when it was its last. */
  transition(entry: JournalEntry, isOver: boolean): void {
    const seq = this.note(entry);
    if (isOver) this.#firstOf.delete(entry.actor);
    else if (!this.#firstOf.has(entry.actor)) this.#firstOf.set(entry.actor, seq);
  }

  /** All that is known of what stands beside the jobs: its earlier entries are not needed any more. */
  stands(entry: JournalEntry): void {
    this.forget(entry.actor);
    this.#firstOf.set(entry.actor, this.note(entry));
    this.#standing.set(entry.actor, entry);
  }

  /** To be called now and then: what has long stood unchanged is written again as it is. */
  refresh(at: number): void {
    for (const entry of [...this.#standing.values()]) {
      if (at - entry.at < WRITTEN_AGAIN) return;
      const { isTurn, ...same } = entry;
      this.stands({ ...same, at, event: 'unchanged', from: entry.to });
    }
  }

  /** What neither begins nor ends anything. */
  note(entry: JournalEntry): number {
    const { value: since } = this.#firstOf.values().next();
    const whole = since === undefined ? entry : { ...entry, since };
    const seq = this.#journal.append(whole);
    for (const listener of this.#listeners) listener({ seq, ...whole });
    return seq;
  }

  /** What ends without a word, or as nothing that anybody has to know. */
  forget(actor: string): void {
    this.#firstOf.delete(actor);
    this.#standing.delete(actor);
  }
}
