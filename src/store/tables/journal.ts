import type { z } from 'zod';
import type { JobContext } from '../../../machines/job/context.ts';
import type { JobEnd } from '../../../machines/job/job-end.ts';
import type { Range } from '../engine.ts';
import { JOURNAL_ENTRY } from './journal-entry.ts';
import { NUMBER_KEY, numberKey, type Row, type Table } from './table.ts';

/** How a job ended, as a journal entry says it. */
export type TellableEnd = Omit<JobEnd, 'attempts'>;

/**
 * One transition of one actor, or another event: an effect that ended, an actor that goes on with another job, a host that looks different, webhooks
 * or a breaker in another state, an order of an operator, a start of the daemon, an actor that was put in
 * quarantine. Instants in epoch ms; states and events in the words that people read.
 */
export interface JournalEntry {
  /** Absent for a transition of a job. */
  kind?:
    | 'effect'
    | 'handover'
    | 'host'
    | 'webhooks'
    | 'breaker'
    | 'image'
    | 'order'
    | 'daemon'
    | 'quarantine';
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
  /**
   * What was looked for and is not there yet, in words. It is not a failure, so it is neither counted nor
   * logged as a warning.
   */
  notYet?: string;
  /**
   * The parts of the actor's context that a transition changed; merged in order, they give the context at any
   * moment.
   */
  changed?: Partial<JobContext>;
  /** How the job ended, in the entry with which it is over; journals of earlier versions lack it. */
  end?: TellableEnd;
  /**
   * The sequence number from which entries have to be read to know everything that was true here; absent when
   * this entry is enough.
   */
  since?: number;
  /**
   * A host's health changed here, or the daemon started: the index finds these entries without reading the
   * others.
   */
  isTurn?: true;
}

export interface StoredJournalEntry extends JournalEntry {
  /** Strictly increasing over the life of the store. */
  seq: number;
}

/** Entries of one job that are read together: a database elsewhere takes as long for one as for some. */
const READ_AT_ONCE = 50;

export interface JournalQuery {
  /** Entries with a larger sequence number. */
  after?: number;
  /** Entries with a smaller sequence number. */
  before?: number;
  actor?: string;
  /** 0 selects the entries with `isTurn`. */
  jobId?: number;
  limit?: number;
  /** The newest first. */
  reverse?: boolean;
}

/**
 * Every transition and all other events, in order. An entry that cannot be read is put in quarantine when a
 * read finds it.
 */
export class Journal {
  readonly #table: Table;
  /**
   * The keys of each job's entries, and of those with `isTurn`: reading one job's story must not need a walk
   * through all entries.
   */
  readonly #ofJob: Table;
  #seq = 0;
  /**
   * No entry is before this one. LevelDB walks through everything deleted at the front of a range, so a read
   * from there would get slower with each job that was ever removed.
   */
  #first = 1;
  /** An entry that is not dated later than now, found after some that are. */
  #present: { seq: number; at: number } | null = null;

  constructor(table: Table, ofJob: Table) {
    this.#table = table;
    this.#ofJob = ofJob;
  }

  /** Finds the last entry; numbering continues after it. */
  async load(): Promise<void> {
    this.#first = (await this.#outermost(false)) ?? this.#first;
    this.#seq = (await this.#outermost(true)) ?? this.#seq;
  }

  /** The number of the first entry, or of the last. Puts rows whose key is not a number in quarantine. */
  async #outermost(reverse: boolean): Promise<number | null> {
    for await (const key of this.#table.keys({ reverse })) {
      const seq = seqOf(key);
      if (seq !== null) return seq;
      for (const row of await this.#table.getMany([key])) this.#setAside(row, null);
    }
    return null;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Returns the entry's sequence number. */
  append(entry: JournalEntry): number {
    this.#seq += 1;
    this.#table.put(numberKey(this.#seq), { ...entry, seq: this.#seq });
    if (isIndexed(entry)) this.#ofJob.put(jobKey(entry.jobId, this.#seq), {});
    return this.#seq;
  }

  /** Committed entries. */
  async *read({ after, before, actor, jobId, limit = Infinity, reverse = false }: JournalQuery = {}) {
    const range = {
      gt: numberKey(Math.max(after ?? 0, this.#first - 1)),
      ...(before !== undefined && { lt: numberKey(before) }),
      reverse,
    };
    let left = limit;
    if (left <= 0) return;
    const rows = jobId === undefined ? this.#table.rows(range) : this.#rowsOf(jobId, range);
    for await (const row of rows) {
      const entry = this.#entryIn(row);
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
    let found: string[] = [];
    for await (const key of this.#ofJob.keys(range)) {
      found.push(key.slice(key.indexOf('-') + 1));
      if (found.length < READ_AT_ONCE) continue;
      yield* await this.#table.getMany(found);
      found = [];
    }
    yield* await this.#table.getMany(found);
  }

  /** Null for an entry that cannot be read; it is put in quarantine. */
  #entryIn(row: Row): StoredJournalEntry | null {
    const { data, error } = JOURNAL_ENTRY.safeParse(row.value);
    if (data && data.seq === seqOf(row.key)) return row.value as StoredJournalEntry;
    this.#setAside(row, error ?? null);
    return null;
  }

  #setAside(row: Row, error: z.ZodError | null): void {
    this.#table.setAside(row, error, null, 'The journal goes on without it.');
  }

  /**
   * The sequence number of the last committed entry made at an instant (epoch ms) or before it; 0 when there
   * is none. It is a binary search, since entries are stored in the order in which they were made; after the
   * clock was set back the result is inexact, but not slow.
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
   * Removes at most `limit` entries made before an instant (epoch ms), the oldest first. Returns how many. An
   * entry dated later than now, from a time when the clock was ahead, counts as as old as the next entry that
   * is not. The last entry always stays, since the next process continues its numbers.
   */
  async prune(now: number, before: number, limit: number): Promise<number> {
    let pruned = 0;
    const range = { gt: numberKey(this.#first - 1), lt: numberKey(this.#seq), limit };
    for await (const row of this.#table.rows(range)) {
      const entry = this.#entryIn(row);
      if (entry) {
        const at = entry.at > now ? await this.#presentAfter(entry.seq, now) : entry.at;
        if (at >= before) break;
        this.#table.delete(row.key);
        if (isIndexed(entry)) this.#ofJob.delete(jobKey(entry.jobId, entry.seq));
      }
      this.#first = (seqOf(row.key) ?? this.#first) + 1;
      pruned += 1;
    }
    return pruned;
  }

  /** The instant (epoch ms) of the next entry that is not dated later than now; now when there is none. */
  async #presentAfter(seq: number, now: number): Promise<number> {
    const known = this.#present;
    if (known && known.seq > seq && known.at <= now) return known.at;
    for await (const entry of this.read({ after: seq })) {
      if (entry.at > now) continue;
      this.#present = entry;
      return entry.at;
    }
    return now;
  }
}

/** Far below the largest number that can still be incremented exactly. */
const LAST_SEQ = 9_000_000_000_000_000;

function seqOf(key: string): number | null {
  const seq = NUMBER_KEY.test(key) ? Number(key) : 0;
  return seq > 0 && seq <= LAST_SEQ ? seq : null;
}

function isIndexed({ jobId, isTurn }: JournalEntry): boolean {
  return jobId > 0 || isTurn === true;
}

function jobKey(jobId: number, seq: number): string {
  return `${numberKey(jobId)}-${numberKey(seq)}`;
}
