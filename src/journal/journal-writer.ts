import type { Journal, JournalEntry, StoredJournalEntry } from '../store/tables/journal.ts';

/**
 * Milliseconds after which an unchanged snapshot is written again, so that any moment can be computed from
 * nearby entries.
 */
const SNAPSHOT_AGAIN_AFTER = 15 * 60_000;

/**
 * Writes the journal so that the state at any moment can be computed from a limited number of entries: each
 * entry says where reading has to begin. That is the first entry of the oldest live actor, or the last
 * snapshot of a host, of webhooks or of a breaker, whichever is older.
 */
export class JournalWriter {
  readonly #table: Pick<Journal, 'append'>;
  /** By actor, the number of the entry at which its story begins; the oldest first. */
  readonly #firstOf = new Map<string, number>();
  /** The last snapshot of each host, of webhooks and of each breaker; the oldest first. */
  readonly #snapshots = new Map<string, JournalEntry>();
  readonly #listeners = new Set<(entry: StoredJournalEntry) => void>();

  constructor(table: Pick<Journal, 'append'>) {
    this.#table = table;
  }

  /**
   * Calls the listener for every entry while it is written, long before it is durable. Returns the function
   * that stops this.
   */
  subscribe(listener: (entry: StoredJournalEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A transition of a job's actor; `isOver` when it was the actor's last. */
  transition(entry: JournalEntry, isOver: boolean): void {
    const seq = this.write(entry);
    if (isOver) this.#firstOf.delete(entry.actor);
    else if (!this.#firstOf.has(entry.actor)) this.#firstOf.set(entry.actor, seq);
  }

  /** All that is known of a host, of webhooks or of a breaker: its earlier entries are no longer needed. */
  snapshot(entry: JournalEntry): void {
    this.forget(entry.actor);
    this.#firstOf.set(entry.actor, this.write(entry));
    this.#snapshots.set(entry.actor, entry);
  }

  /** Writes old snapshots again. This class has no timer, so the callers that look at hosts call it. */
  refresh(at: number): void {
    for (const entry of [...this.#snapshots.values()]) {
      if (at - entry.at < SNAPSHOT_AGAIN_AFTER) return;
      const { isTurn, ...same } = entry;
      this.snapshot({ ...same, at, event: 'unchanged', from: entry.to });
    }
  }

  /** An entry that neither begins nor ends anything. Returns its sequence number. */
  write(entry: JournalEntry): number {
    const { value: since } = this.#firstOf.values().next();
    const whole = since === undefined ? entry : { ...entry, since };
    const seq = this.#table.append(whole);
    for (const listener of this.#listeners) listener({ seq, ...whole });
    return seq;
  }

  /** For what ends without an entry, or is no longer needed. */
  forget(actor: string): void {
    this.#firstOf.delete(actor);
    this.#snapshots.delete(actor);
  }
}
