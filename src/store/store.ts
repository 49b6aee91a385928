import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { GroupCommit, type Synchronous, type WriteHealth } from './group-commit.ts';
import { type Database, LevelEngine, type TableName } from './level-engine.ts';
import { AgedTable } from './tables/aged-table.ts';
import { Cordons } from './tables/cordons.ts';
import { Deliveries, type StoredDelivery } from './tables/deliveries.ts';
import { Evidence, type KeptEvidence } from './tables/evidence.ts';
import { ActorRecords } from './tables/jobs/actor-records.ts';
import { NotedJobs } from './tables/jobs/noted-jobs.ts';
import { Quarantine, type QuarantinedRecord } from './tables/jobs/quarantine.ts';
import { type SettledJob, SettledJobs } from './tables/jobs/settled-jobs.ts';
import { Journal } from './tables/journal.ts';
import { type Leftover, Leftovers } from './tables/leftovers.ts';
import { NameNumbers, type ReservedNumbers } from './tables/name-numbers.ts';
import { RepositoryIds } from './tables/repository-ids.ts';
import { SentCreates } from './tables/sent-creates.ts';
import { Table } from './tables/table.ts';

/** GitHub redelivers what is up to three days old, GitHub Enterprise Server seven; one more for clocks that differ. */
const DELIVERIES_RETENTION = 8 * 24 * 3600_000;

/** GitHub keeps a job queued for a day; no shorter retention may bring one of its names back. */
const NAMES_RETENTION = 8 * 24 * 3600_000;

/** More would hold up the writes of live jobs. */
const MOST_PRUNED_PER_TABLE = 5_000;

export interface StoreOptions {
  clock: Clock;
  log: Logger;
  /** Milliseconds for which the journal, the outcomes of jobs, the quarantine and the evidence are kept. */
  retention: number;
  onHealthChange?(health: WriteHealth): void;
}

export interface StoreCounts {
  actors: number;
  settled: number;
  noted: number;
  deliveries: number;
  quarantined: number;
  /** The sequence number of the last journal entry. */
  journalSeq: number;
}

/**
 * The daemon's memory, a table for each kind of record. One call of a table is one batch, and so is all that is put
 * and deleted within `atomically`, in whatever tables; `durable` waits for that, and reads show what is committed.
 * A write after `close` throws a StoreError. Holds no secret, by design of what is put into it (law 7).
 */
export class Store {
  readonly actors: ActorRecords;
  readonly journal: Journal;
  readonly deliveries: Deliveries;
  readonly settled: SettledJobs;
  readonly noted: NotedJobs;
  readonly quarantine: Quarantine;
  readonly cordons: Cordons;
  readonly evidence: Evidence;
  readonly names: NameNumbers;
  readonly leftovers: Leftovers;
  readonly repositoryIds: RepositoryIds;
  readonly sent: SentCreates;
  readonly #aged: Record<
    'deliveries' | 'settled' | 'noted' | 'quarantine' | 'evidence' | 'names' | 'leftovers' | 'sent',
    AgedTable<{ at: number }>
  >;
  readonly #engine: LevelEngine;
  readonly #commit: GroupCommit;
  readonly #options: StoreOptions;
  #closed: Promise<void> | null = null;

  /** Takes an open database, or throws a StoreError when it is another program's or a newer daemon's. */
  static async over(database: Database, options: StoreOptions): Promise<Store> {
    const store = new Store(await LevelEngine.over(database), options);
    await store.#load();
    return store;
  }

  private constructor(engine: LevelEngine, options: StoreOptions) {
    const { clock, log, onHealthChange } = options;
    const write = engine.write.bind(engine);
    const commit = new GroupCommit({ clock, write, ...(onHealthChange && { onHealthChange }) });
    const table = (name: TableName) => new Table(name, engine, commit);
    const aged = {
      deliveries: new AgedTable<StoredDelivery>(table('deliveries')),
      settled: new AgedTable<SettledJob>(table('settled')),
      noted: new AgedTable(table('noted')),
      quarantine: new AgedTable<QuarantinedRecord>(table('quarantine')),
      evidence: new AgedTable<KeptEvidence>(table('evidence')),
      names: new AgedTable<ReservedNumbers>(table('names')),
      leftovers: new AgedTable<Leftover>(table('leftovers')),
      sent: new AgedTable(table('sent')),
    };
    this.actors = new ActorRecords(table('actors'));
    this.journal = new Journal(table('journal'), table('journalOfJob'), log);
    this.deliveries = new Deliveries(aged.deliveries, commit, clock, log);
    this.settled = new SettledJobs(aged.settled, log);
    this.noted = new NotedJobs(aged.noted, clock);
    this.quarantine = new Quarantine(aged.quarantine, this.actors, clock);
    this.cordons = new Cordons(table('cordons'));
    this.evidence = new Evidence(aged.evidence);
    this.repositoryIds = new RepositoryIds(table('repositories'));
    this.sent = new SentCreates(aged.sent, commit);
    this.names = new NameNumbers(aged.names);
    this.leftovers = new Leftovers(aged.leftovers);
    this.#aged = aged;
    this.#engine = engine;
    this.#commit = commit;
    this.#options = options;
  }

  /** Reads what the tables answer without waiting. */
  async #load(): Promise<void> {
    const now = this.#options.clock.now();
    await this.cordons.load();
    await this.repositoryIds.load();
    await this.#aged.evidence.load(now);
    await this.actors.load();
    await this.journal.load();
    await this.deliveries.load(now);
    await this.settled.load(now);
    await this.#aged.noted.load(now);
    await this.#aged.quarantine.load(now);
    await this.names.load(now);
    await this.#aged.leftovers.load(now);
    await this.#aged.sent.load(now);
  }

  /**
   * Runs `work`, which must not wait, and returns what it returns: all that it puts and deletes is one batch. When it
   * throws, what it put before stays, as what it changed in memory does.
   */
  atomically<Result>(work: () => Synchronous<Result>): Result {
    return this.#commit.atomically(work);
  }

  /** Resolves when everything put so far is on disk, however long the disk refuses; never rejects. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }

  health(): WriteHealth {
    return this.#commit.health();
  }

  counts(): StoreCounts {
    const { deliveries, settled, noted, quarantine } = this.#aged;
    return {
      actors: this.actors.size,
      settled: settled.size,
      noted: noted.size,
      deliveries: deliveries.size,
      quarantined: quarantine.size,
      journalSeq: this.journal.seq,
    };
  }

  /** Removes what is older than its retention, a bounded piece at a time. Returns how many records. */
  async prune(now: number): Promise<number> {
    const old = now - this.#options.retention;
    const { deliveries, settled, noted, quarantine, evidence, names, leftovers, sent } = this.#aged;
    let pruned = deliveries.prune(now - DELIVERIES_RETENTION, MOST_PRUNED_PER_TABLE);
    for (const table of [settled, noted, quarantine, evidence, leftovers])
      pruned += table.prune(old, MOST_PRUNED_PER_TABLE);
    for (const table of [names, sent])
      pruned += table.prune(Math.min(old, now - NAMES_RETENTION), MOST_PRUNED_PER_TABLE);
    this.names.forgetPruned();
    return pruned + (await this.journal.prune(old, MOST_PRUNED_PER_TABLE));
  }

  /** Writes what is left and closes. Rejects with a StoreError when the disk refuses the last writes. */
  close(): Promise<void> {
    this.#closed ??= this.#commit.close().finally(() => this.#engine.close());
    return this.#closed;
  }
}
