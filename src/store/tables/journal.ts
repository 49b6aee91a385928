import type { Logger } from 'pino';
import type { JobContext } from '../../../machines/job/context.ts';
import type { Range } from '../level-engine.ts';
import { numberKey, type Table } from './table.ts';

/**
 * One transition of one actor, or what is told beside these: an effect that ended, a host that looks different,
 * webhooks or a breaker in another state, an order of an operator, a start of the daemon, an actor that was put in
 * quarantine. Instants in epoch ms; states and events as people read them.
 */
export interface JournalEntry {
  /** A transition of a job when left out. */
  kind?: 'effect' | 'host' | 'webhooks' | 'breaker' | 'order' | 'daemon' | 'quarantine';
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
  /** What was looked for and is not there yet, in words: no failure, so it is neither counted nor a warning. */
  notYet?: string;
  /** The parts of the actor's context that a transition changed: put together, they are the context at any moment. */
  changed?: Partial<JobContext>;
  /** The entry at which reading has to begin to know all that was true here; this one when left out. */
  since?: number;
  /** A host's health changed here, or the daemon started: the index finds these without reading the rest. */
  isTurn?: true;
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
  /** 0: the entries with `isTurn`. */
  jobId?: number;
  limit?: number;
  /** The newest first. */
  reverse?: boolean;
}

/** Every transition and what is told beside these, in order. */
export class Journal {
  readonly #table: Table;
  /** The keys of each job's entries, and of those with `isTurn`: a job's story must not cost a walk through all. */
  readonly #ofJob: Table;
  readonly #log: Logger;
  #seq = 0;
  /**
   * No entry is before this one. LevelDB walks through everything that was deleted at the front of a range, so a read
   * that begins there would cost more with each job that was ever removed.
   */
  #first = 1;

  constructor(table: Table, ofJob: Table, log: Logger) {
    this.#table = table;
    this.#ofJob = ofJob;
    this.#log = log;
  }

  /** Counting goes on after the last entry. */
  async load(): Promise<void> {
    for await (const key of this.#table.keys({ limit: 1 })) this.#first = Number(key);
    for await (const key of this.#table.keys({ reverse: true, limit: 1 })) this.#seq = Number(key);
  }

  get seq(): number {
    return this.#seq;
  }

  /** Returns the entry's sequence number. */
  append(entry: JournalEntry): number {
    this.#seq += 1;
    this.#table.put(numberKey(this.#seq), { seq: this.#seq, ...entry });
    if (isIndexed(entry)) this.#ofJob.put(jobKey(entry.jobId, this.#seq), {});
    return this.#seq;
  }

  /** Committed entries. One that cannot be read is logged and left out. */
  async *read({ after, before, actor, jobId, limit = Infinity, reverse = false }: JournalQuery = {}) {
    const range = {
      gt: numberKey(Math.max(after ?? 0, this.#first - 1)),
      ...(before !== undefined && { lt: numberKey(before) }),
      reverse,
    };
    let left = limit;
    if (left <= 0) return;
    const rows = jobId === undefined ? this.#table.rows(range) : this.#rowsOf(jobId, range);
    for await (const { key, value } of rows) {
      const entry = value as StoredJournalEntry | undefined;
      if (!entry) this.#log.warn({ seq: Number(key) }, `journal entry ${Number(key)} is damaged`);
      if (!entry || (actor ?? entry.actor) !== entry.actor || (jobId ?? entry.jobId) !== entry.jobId)
        continue;
      yield entry;
      left -= 1;
      if (left === 0) return;
    }
  }

  async *#rowsOf(jobId: number, { gt, lt = ':', reverse }: Range) {
    const range = {
      gt: `${numberKey(jobId)}-${gt}`,
      lt: `${numberKey(jobId)}-${lt}`,
      ...(reverse && { reverse }),
    };
    for await (const found of this.#ofJob.keys(range)) {
      const key = found.slice(found.indexOf('-') + 1);
      const [value] = await this.#table.getMany([key]);
      yield { key, value };
    }
  }

  /**
   * The sequence number of the last committed entry made at an instant (epoch ms) or before it; 0 when there is none.
   * A binary search, since entries are in the order of their making; a clock that was set back makes it inexact, not
   * slow.
   */
  async seqAt(at: number): Promise<number> {
    const first = await this.#entryAfter(0);
    if (!first || first.at > at) return 0;
    let [low, high] = [first.seq, this.#seq + 1];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const entry = await this.#entryAfter(middle - 1);
      if (entry && entry.seq < high && entry.at <= at) low = entry.seq;
      else high = middle;
    }
    return low;
  }

  async #entryAfter(seq: number): Promise<StoredJournalEntry | null> {
    for await (const entry of this.read({ after: seq, limit: 1 })) return entry;
    return null;
  }

  /**
   * Removes entries made before an instant, the oldest first and at most `limit`. Returns how many. The last entry
   * always stays, since the next process goes on counting after it.
   */
  async prune(before: number, limit: number): Promise<number> {
    let pruned = 0;
    const range = { gt: numberKey(this.#first - 1), lt: numberKey(this.#seq), limit };
    for await (const { key, value } of this.#table.rows(range)) {
      if (value !== undefined && (value as JournalEntry).at >= before) break;
      this.#table.delete(key);
      const entry = (value ?? {}) as JournalEntry;
      if (isIndexed(entry)) this.#ofJob.delete(jobKey(entry.jobId, Number(key)));
      this.#first = Number(key) + 1;
      pruned += 1;
    }
    return pruned;
  }
}

function isIndexed({ jobId, isTurn }: JournalEntry): boolean {
  return jobId > 0 || isTurn === true;
}

function jobKey(jobId: number, seq: number): string {
  return `${numberKey(jobId)}-${numberKey(seq)}`;
}
