import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import type { Engine, TableName } from './engine.ts';
import { GroupCommit, type Synchronous, type WriteHealth } from './group-commit.ts';

import { confirmFormat } from './store-format.ts';
import { AgedTable } from './tables/aged-table.ts';
import { Deliveries } from './tables/deliveries/deliveries.ts';
import { Inbox } from './tables/deliveries/inbox.ts';
import { EVIDENCE_ROWS, Evidence } from './tables/evidence.ts';
import { Cordons } from './tables/hosts/cordons.ts';
import { HostProofs } from './tables/hosts/host-proofs.ts';
import { HostSilences } from './tables/hosts/host-silences.ts';
import { Rollouts } from './tables/hosts/rollouts.ts';
import { ActorRecords } from './tables/jobs/actor-records.ts';
import { NOTED_ROWS, NotedJobs } from './tables/jobs/noted-jobs.ts';
import { QUARANTINE_ROWS, Quarantine } from './tables/jobs/quarantine.ts';
import { SETTLED_ROWS, SettledJobs } from './tables/jobs/settled-jobs.ts';
import { Journal } from './tables/journal.ts';
import { LEFTOVER_ROWS, Leftovers } from './tables/leftovers.ts';
import { NAME_ROWS, NameNumbers } from './tables/name-numbers.ts';
import { Notices } from './tables/notices.ts';
import { RepositoryIds } from './tables/repository-ids.ts';
import { SENT_ROWS, SentCreates } from './tables/sent-creates.ts';
import { Table } from './tables/table.ts';

/**
 * Milliseconds. GitHub redelivers what is up to three days old, GitHub Enterprise Server seven; one day more
 * for clocks that differ.
 */
const DELIVERIES_RETENTION = 8 * 24 * 3600_000;

/**
 * Milliseconds. GitHub keeps a job queued for a day; a shorter retention in the config must not bring one of
 * its names back.
 */
const NAMES_RETENTION = 8 * 24 * 3600_000;

/** Records of a table that are pruned in one piece; larger pieces would delay the writes of live jobs. */
const PIECE = 1_000;

/**
 * Milliseconds for which pruning waits until a piece is on disk; then it leaves the rest to the next pruning.
 */
const PATIENCE = 10_000;

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
  /** Records of actors in quarantine. */
  quarantined: number;
  /** Rows of other tables in quarantine. */
  unreadable: number;
  /** The sequence number of the last journal entry. */
  journalSeq: number;
}

/**
 * The daemon's memory, a table for each kind of record. One call of a table is one batch, and so is all that
 * is put and deleted within `atomically`, in any tables; `durable` waits until all of that is on disk, and
 * reads show only what is committed. A write after `close` throws a StoreError. The store never contains a
 * secret, since no record has a field for one (law 7).
 */
export class Store {
  readonly actors: ActorRecords;
  readonly journal: Journal;
  readonly deliveries: Deliveries;
  readonly inbox: Inbox;
  readonly settled: SettledJobs;
  readonly noted: NotedJobs;
  readonly quarantine: Quarantine;
  readonly cordons: Cordons;
  readonly silences: HostSilences;
  readonly proofs: HostProofs;
  readonly evidence: Evidence;
  readonly names: NameNumbers;
  readonly leftovers: Leftovers;
  readonly repositoryIds: RepositoryIds;
  readonly sent: SentCreates;
  readonly notices: Notices;
  readonly rollouts: Rollouts;
  readonly #aged: Record<
    'settled' | 'noted' | 'quarantine' | 'evidence' | 'names' | 'leftovers' | 'sent',
    Pick<AgedTable, 'size' | 'load' | 'prune'>
  >;
  readonly #engine: Engine;
  readonly #commit: GroupCommit;
  readonly #options: StoreOptions;
  #closed: Promise<void> | null = null;

  /**
   * Uses an open database, and marks an empty one as ours. Throws a StoreError when a newer daemon wrote it, or
   * when it was moved.
   */
  static async over(engine: Engine, options: StoreOptions): Promise<Store> {
    await confirmFormat(engine);
    const store = new Store(engine, options);
    await store.#load();
    return store;
  }

  private constructor(engine: Engine, options: StoreOptions) {
    const { clock, log, onHealthChange } = options;
    const commit = new GroupCommit({
      clock,
      write: (operations) => engine.write(operations),
      ...(onHealthChange && { onHealthChange }),
    });
    const table = (name: TableName) =>
      new Table(name, engine, commit, (...unreadable) => this.quarantine.keep(...unreadable));
    const aged = {
      settled: new AgedTable(table('settled'), SETTLED_ROWS),
      noted: new AgedTable(table('noted'), NOTED_ROWS),
      quarantine: new AgedTable(table('quarantine'), QUARANTINE_ROWS),
      evidence: new AgedTable(table('evidence'), EVIDENCE_ROWS),
      names: new AgedTable(table('names'), NAME_ROWS),
      leftovers: new AgedTable(table('leftovers'), LEFTOVER_ROWS),
      sent: new AgedTable(table('sent'), SENT_ROWS),
    };
    this.actors = new ActorRecords(table('actors'));
    this.quarantine = new Quarantine(aged.quarantine, this.actors, clock, log);
    this.journal = new Journal(table('journal'), table('journalOfJob'));
    this.deliveries = new Deliveries(table('deliveries'), commit, clock);
    this.inbox = new Inbox(table('inbox'));
    this.settled = new SettledJobs(aged.settled);
    this.noted = new NotedJobs(aged.noted, clock);
    this.cordons = new Cordons(table('cordons'));
    this.notices = new Notices(table('notices'));
    this.rollouts = new Rollouts(table('rollouts'));
    this.silences = new HostSilences(table('silences'));
    this.proofs = new HostProofs(table('proofs'));
    this.evidence = new Evidence(aged.evidence);
    this.repositoryIds = new RepositoryIds(table('repositories'));
    this.sent = new SentCreates(aged.sent, commit);
    this.names = new NameNumbers(aged.names, engine.epoch);
    this.leftovers = new Leftovers(aged.leftovers);
    this.#aged = aged;
    this.#engine = engine;
    this.#commit = commit;
    this.#options = options;
  }

  /** Reads everything that the tables keep in memory, and puts in quarantine what cannot be read. */
  async #load(): Promise<void> {
    const now = this.#options.clock.now();
    await this.#aged.quarantine.load(now);
    await this.cordons.load(now);
    await this.silences.load();
    await this.proofs.load();
    await this.notices.load();
    await this.rollouts.load(now);
    await this.repositoryIds.load();
    await this.#aged.evidence.load(now);
    await this.actors.load();
    await this.journal.load();
    await this.deliveries.load(now);
    await this.inbox.load();
    await this.settled.load(now);
    await this.#aged.noted.load(now);
    await this.names.load(now);
    await this.#aged.leftovers.load(now);
    await this.sent.load(now);
  }

  /**
   * Runs `work`, which must not wait, and returns its result: all that it puts and deletes is one batch. When
   * it throws, what it put before stays, as its changes in memory do.
   */
  atomically<Result>(work: () => Synchronous<Result>): Result {
    return this.#commit.atomically(work);
  }

  /** Resolves when everything put so far is on disk, however long the disk refuses. Never rejects. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }

  health(): WriteHealth {
    return this.#commit.health();
  }

  counts(): StoreCounts {
    const { settled, noted, quarantine } = this.#aged;
    const unreadable = Object.values(this.quarantine.rows()).reduce((sum, rows) => sum + rows, 0);
    return {
      actors: this.actors.size,
      settled: settled.size,
      noted: noted.size,
      deliveries: this.deliveries.size,
      quarantined: quarantine.size - unreadable,
      unreadable,
      journalSeq: this.journal.seq,
    };
  }

  /**
   * Removes what is older than its retention, one piece at a time, each on disk before the next; stops early
   * while the disk is too slow. `now` is epoch ms. Returns the number of removed records.
   */
  async prune(now: number): Promise<number> {
    for (let pruned = 0; ; ) {
      const piece = await this.#prunePiece(now);
      pruned += piece.pruned;
      if (piece.isDone || !(await this.#isWritten())) return pruned;
    }
  }

  async #prunePiece(now: number): Promise<{ pruned: number; isDone: boolean }> {
    const old = now - this.#options.retention;
    const { settled, noted, quarantine, evidence, names, leftovers, sent } = this.#aged;
    const counts: number[] = [];
    for (const table of [settled, noted, quarantine, evidence, leftovers])
      counts.push(await table.prune(now, old, PIECE));
    for (const table of [names, sent])
      counts.push(await table.prune(now, Math.min(old, now - NAMES_RETENTION), PIECE));
    this.names.forgetPruned();
    this.sent.forgetPruned();
    counts.push(await this.journal.prune(now, old, PIECE));
    const deliveries = await this.deliveries.prune(now, now - DELIVERIES_RETENTION, PIECE);
    return {
      pruned: counts.reduce((sum, count) => sum + count, deliveries.pruned),
      isDone: deliveries.isDone && counts.every((count) => count < PIECE),
    };
  }

  /** False when what was put so far does not reach the disk in time. */
  async #isWritten(): Promise<boolean> {
    const written = new AbortController();
    const late = sleepFor(this.#options.clock, PATIENCE, written.signal).then(
      () => false,
      () => false,
    );
    const isWritten = await Promise.race([this.durable().then(() => true), late]);
    written.abort();
    return isWritten;
  }

  /** Drops what is not written: another daemon may have the records now. Later writes are dropped, too. */
  abandon(): void {
    this.#commit.abandon();
  }

  /** Writes what is pending and closes. Rejects with a StoreError when the disk refuses the last writes. */
  close(): Promise<void> {
    this.#closed ??= this.#commit.close().finally(() => this.#engine.close());
    return this.#closed;
  }
}
