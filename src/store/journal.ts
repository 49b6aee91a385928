import type { Logger } from 'pino';
import { numberKey } from './number-key.ts';
import type { Table } from './table.ts';

/** One transition of one actor. Instants in epoch ms; states and events as people read them. */
export interface JournalEntry {
  at: number;
  actor: string;
  jobId: number;
  attempt: number;
  host: string | null;
  event: string;
  /** Empty for the first entry of an actor. */
  from: string;
  to: string;
  detail?: Record<string, unknown>;
}

export interface StoredJournalEntry extends JournalEntry {
  /** Strictly increasing over the life of the store. */
  seq: number;
}

export interface JournalQuery {
  /** Entries with a larger sequence number. */
  after?: number;
  /** Entries with a smaller sequence number. */
  before?: number;
  actor?: string;
  jobId?: number;
  limit?: number;
  /** The newest first. */
  reverse?: boolean;
}

/** Every transition, in order. */
export class Journal {
  readonly #table: Table;
  readonly #log: Logger;
  #seq = 0;

  constructor(table: Table, log: Logger) {
    this.#table = table;
    this.#log = log;
  }

  /** Goes on counting where the last entry stands. */
  async load(): Promise<void> {
    for await (const key of this.#table.keys({ reverse: true, limit: 1 })) this.#seq = Number(key);
  }

  get seq(): number {
    return this.#seq;
  }

  append(entry: JournalEntry): number {
    this.#seq += 1;
    this.#table.put(numberKey(this.#seq), { seq: this.#seq, ...entry });
    return this.#seq;
  }

  /** Committed entries; one that cannot be read is logged and passed over. */
  async *read({ after, before, actor, jobId, limit = Infinity, reverse = false }: JournalQuery) {
    const range = {
      ...(after !== undefined && { gt: numberKey(after) }),
      ...(before !== undefined && { lt: numberKey(before) }),
      reverse,
    };
    let left = limit;
    if (left <= 0) return;
    for await (const { key, value } of this.#table.rows(range)) {
      const entry = value as StoredJournalEntry | undefined;
      if (!entry) this.#log.warn({ seq: Number(key) }, `journal entry ${Number(key)} is damaged`);
      if (!entry || (actor ?? entry.actor) !== entry.actor || (jobId ?? entry.jobId) !== entry.jobId)
        continue;
      yield entry;
      left -= 1;
      if (left === 0) return;
    }
  }

  /**
   * Removes entries made before an instant, the oldest first and at most `limit`; answers how many. The last entry
   * always stays, since the next process counts on from it.
   */
  async prune(before: number, limit: number): Promise<number> {
    let pruned = 0;
    for await (const { key, value } of this.#table.rows({ lt: numberKey(this.#seq), limit })) {
      if (value !== undefined && (value as JournalEntry).at >= before) break;
      this.#table.delete(key);
      pruned += 1;
    }
    return pruned;
  }
}
