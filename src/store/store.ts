import type { Clock } from '../clock.ts';
import type { JobObservation } from '../intake/job-observation.ts';
import { type ActorRecord, parseActorRecord } from './actor-record.ts';
import { type Database, numberKey, TABLES, under } from './database.ts';
import { GroupCommit, type WriteHealth } from './group-commit.ts';
import type { JournalEntry, StoredJournalEntry } from './journal-entry.ts';
import type { SettledJob } from './settled-jobs.ts';

/** GitHub redelivers what is up to three days old (GHES: seven); one day more for clocks and patience. */
const DELIVERIES_KEPT = 8 * 24 * 3600_000;

/** Records removed in one go, so that pruning never holds up the writes of live jobs. */
const PRUNED_AT_ONCE = 5_000;

interface StoredDelivery {
  at: number;
  observation: JobObservation | null;
  handled: boolean;
}

export interface StoreOptions {
  database: Database;
  clock: Clock;
  /** Milliseconds for which the journal and the outcomes of jobs are kept. */
  retention: number;
  onHealthChange?(health: WriteHealth): void;
}

export interface JournalQuery {
  /** Entries with a larger sequence number. */
  after?: number;
  /** Entries with a smaller sequence number. */
  before?: number;
  jobId?: number;
  limit?: number;
  reverse?: boolean;
}

/**
 * The daemon's memory. Every `put…`, `delete…`, `append…`, `settle…` is synchronous and becomes durable with
 * the others of its synchronous stretch, in one batch; `durable` waits for that. Holds no secret, by design of
 * what is put into it (law 7).
 */
export class Store {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #retention: number;
  readonly #commit: GroupCommit;
  readonly #settled = new Map<number, number>();
  readonly #noted = new Map<number, number>();
  readonly #deliveries = new Map<string, { at: number; stored: Promise<void> }>();
  readonly #quarantined = new Set<string>();
  #seq = 0;

  constructor({ database, clock, retention, onHealthChange }: StoreOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#retention = retention;
    this.#commit = new GroupCommit({
      clock,
      write: (operations) => database.batch(operations, { sync: true } as object),
      ...(onHealthChange && { onHealthChange }),
    });
  }

  /** Reads what must be known at once: which jobs are over, which deliveries were seen, the last sequence number. */
  async load(): Promise<void> {
    const read = async (prefix: string, note: (key: string, text: string) => void) => {
      for await (const [key, text] of this.#database.iterator(under(prefix))) {
        note(key.slice(prefix.length), text);
      }
    };
    await read(TABLES.settled, (key, text) => this.#settled.set(Number(key), JSON.parse(text).at));
    await read(TABLES.noted, (key, text) => this.#noted.set(Number(key), Number(text)));
    await read(TABLES.deliveries, (key, text) =>
      this.#deliveries.set(key, { at: JSON.parse(text).at, stored: Promise.resolve() }),
    );
    await read(TABLES.quarantine, (key) => this.#quarantined.add(key));
    for await (const key of this.#database.keys({ ...under(TABLES.journal), reverse: true, limit: 1 })) {
      this.#seq = Number(key.slice(TABLES.journal.length));
    }
  }

  durable(): Promise<void> {
    return this.#commit.durable();
  }

  health(): WriteHealth {
    return this.#commit.health();
  }

  putActor(key: string, record: ActorRecord): void {
    this.#put(TABLES.actors + key, JSON.stringify(record));
  }

  deleteActor(key: string): void {
    this.#commit.add({ type: 'del', key: TABLES.actors + key });
  }

  /** All stored actors, and apart from them those that cannot be read, with the reason. */
  async loadActors(): Promise<{
    records: { key: string; record: ActorRecord }[];
    unreadable: { key: string; raw: string; reason: string }[];
  }> {
    const records = [];
    const unreadable = [];
    for await (const [full, raw] of this.#database.iterator(under(TABLES.actors))) {
      const key = full.slice(TABLES.actors.length);
      const record = parseActorRecord(raw);
      if (typeof record === 'string') unreadable.push({ key, raw, reason: record });
      else records.push({ key, record });
    }
    return { records, unreadable };
  }

  /** Keeps a record that must not be used, for a person to look at, and takes it out of the way. */
  quarantine(key: string, raw: unknown, reason: string): void {
    const at = this.#clock.now();
    this.#put(TABLES.quarantine + key, JSON.stringify({ at, reason, raw }));
    this.#quarantined.add(key);
    this.deleteActor(key);
  }

  quarantinedKeys(): string[] {
    return [...this.#quarantined];
  }

  appendJournal(entry: JournalEntry): number {
    this.#seq += 1;
    this.#put(TABLES.journal + numberKey(this.#seq), JSON.stringify({ seq: this.#seq, ...entry }));
    return this.#seq;
  }

  async *readJournal({ after = 0, before, jobId, limit = Infinity, reverse = false }: JournalQuery = {}) {
    const range = {
      gt: TABLES.journal + numberKey(after),
      lt: TABLES.journal + numberKey(before ?? Number.MAX_SAFE_INTEGER),
      reverse,
    };
    let left = limit;
    for await (const text of this.#database.values(range)) {
      if (left <= 0) return;
      const entry = JSON.parse(text) as StoredJournalEntry;
      if (jobId !== undefined && entry.jobId !== jobId) continue;
      left -= 1;
      yield entry;
    }
  }

  /**
   * Durable when it resolves. A delivery that is known already changes nothing, also when its first copy is
   * still being written.
   */
  async rememberDelivery(id: string, observation: JobObservation | null): Promise<'stored' | 'known'> {
    const known = this.#deliveries.get(id);
    if (known) {
      await known.stored;
      return 'known';
    }
    const at = this.#clock.now();
    this.#putDelivery(id, { at, observation, handled: observation === null });
    const stored = this.durable();
    this.#deliveries.set(id, { at, stored });
    await stored;
    return 'stored';
  }

  /** Put in the same stretch as what the delivery changed, so that neither is stored without the other. */
  deliveryHandled(id: string): void {
    const at = this.#deliveries.get(id)?.at ?? this.#clock.now();
    this.#putDelivery(id, { at, observation: null, handled: true });
  }

  /** Deliveries that were acknowledged but not yet acted on, in the order of their arrival. */
  async pendingDeliveries(): Promise<{ id: string; observation: JobObservation }[]> {
    const pending = [];
    for await (const [key, text] of this.#database.iterator(under(TABLES.deliveries))) {
      const { at, observation, handled } = JSON.parse(text) as StoredDelivery;
      if (!handled && observation) pending.push({ id: key.slice(TABLES.deliveries.length), observation, at });
    }
    return pending.sort((a, b) => a.at - b.at);
  }

  settleJob(job: SettledJob): void {
    this.#settled.set(job.jobId, job.at);
    this.#put(TABLES.settled + numberKey(job.jobId), JSON.stringify(job));
  }

  isSettled(jobId: number): boolean {
    return this.#settled.has(jobId);
  }

  /** The newest outcomes first. */
  async settledJobs({ limit }: { limit: number }): Promise<SettledJob[]> {
    const newest = [...this.#settled].sort(([, a], [, b]) => b - a).slice(0, limit);
    const texts = await this.#database.getMany(newest.map(([id]) => TABLES.settled + numberKey(id)));
    return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as SettledJob]));
  }

  /** True the first time for a job that matched nothing, so that it is told of once. */
  noteOnce(jobId: number): boolean {
    if (this.#noted.has(jobId)) return false;
    const now = this.#clock.now();
    this.#noted.set(jobId, now);
    this.#put(TABLES.noted + numberKey(jobId), String(now));
    return true;
  }

  /** Forgets what is older than its retention, a bounded piece at a time. */
  async prune(now: number): Promise<void> {
    const old = <K>(map: Map<K, number>, kept: number) => {
      const keys = [...map].filter(([, at]) => at < now - kept).slice(0, PRUNED_AT_ONCE);
      for (const [key] of keys) map.delete(key);
      return keys.map(([key]) => key);
    };
    const drop = (key: string) => this.#commit.add({ type: 'del', key });
    for (const id of old(this.#settled, this.#retention)) drop(TABLES.settled + numberKey(id));
    for (const id of old(this.#noted, this.#retention)) drop(TABLES.noted + numberKey(id));
    const seen = new Map([...this.#deliveries].map(([id, { at }]) => [id, at]));
    for (const id of old(seen, DELIVERIES_KEPT)) {
      this.#deliveries.delete(id);
      drop(TABLES.deliveries + id);
    }
    let left = PRUNED_AT_ONCE;
    for await (const [key, text] of this.#database.iterator(under(TABLES.journal))) {
      if (left <= 0 || (JSON.parse(text) as JournalEntry).at >= now - this.#retention) break;
      left -= 1;
      drop(key);
    }
  }

  stats(): { settled: number; noted: number; deliveries: number; quarantined: number; journalSeq: number } {
    return {
      settled: this.#settled.size,
      noted: this.#noted.size,
      deliveries: this.#deliveries.size,
      quarantined: this.#quarantined.size,
      journalSeq: this.#seq,
    };
  }

  /** Writes what is left and closes; anything put afterwards throws. */
  async close(): Promise<void> {
    try {
      await this.#commit.close();
    } finally {
      await this.#database.close();
    }
  }

  #put(key: string, value: string): void {
    this.#commit.add({ type: 'put', key, value });
  }

  #putDelivery(id: string, delivery: StoredDelivery): void {
    this.#put(TABLES.deliveries + id, JSON.stringify(delivery));
  }
}
