import type { JournalEntry, StoredJournalEntry } from '../store/journal.ts';
import type { Store } from '../store/store.ts';

/**
 * Writes the journal so that any moment can be told from a bounded piece of it: each entry says where reading has
 * to begin, at the first entry of the oldest actor that lives and the last one of each host.
 */
export class Chronicle {
  readonly #store: Pick<Store, 'appendJournal'>;
  /** Actors and hosts by the entry from which they can be told, the oldest first. */
  readonly #firstOf = new Map<string, number>();
  readonly #listeners = new Set<(entry: StoredJournalEntry) => void>();

  constructor(store: Pick<Store, 'appendJournal'>) {
    this.#store = store;
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

  /** All that is known of a host: earlier entries are not needed any more. */
  host(entry: JournalEntry): void {
    this.#firstOf.delete(entry.actor);
    this.#firstOf.set(entry.actor, this.note(entry));
  }

  /** What neither begins nor ends anything. */
  note(entry: JournalEntry): number {
    const { value: since } = this.#firstOf.values().next();
    const whole = since === undefined ? entry : { ...entry, since };
    const seq = this.#store.appendJournal(whole);
    for (const listener of this.#listeners) listener({ seq, ...whole });
    return seq;
  }

  /** An actor that ends without a word. */
  forget(actor: string): void {
    this.#firstOf.delete(actor);
  }
}
