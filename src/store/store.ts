import type { JobObservation } from '../../machines/job/observation.ts';
import type { Database } from './database.ts';
import type { WriteHealth } from './group-commit.ts';
import { loadStoreParts, type StoreOptions, type StoreParts } from './store-parts.ts';
import type { ActorRecord, StoredActors } from './tables/actor-records.ts';
import type { Cordon } from './tables/cordons.ts';
import type { PendingDelivery } from './tables/deliveries.ts';
import type { KeptEvidence } from './tables/evidence.ts';
import type { JournalEntry, JournalQuery, StoredJournalEntry } from './tables/journal.ts';
import type { SettledJob } from './tables/settled-jobs.ts';

/** GitHub redelivers what is up to three days old, GitHub Enterprise Server seven; one more for clocks that differ. */
const DELIVERIES_KEPT = 8 * 24 * 3600_000;

/** Records of a kind removed in one go, so that pruning never holds up the writes of live jobs. */
const PRUNED_AT_ONCE = 5_000;

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
 * The daemon's memory. Whatever is put, deleted, appended, settled, noted or handled in one synchronous stretch
 * becomes durable together, in one batch; `durable` waits for that, and reads show what is committed. A write after
 * `close` throws a StoreError. Holds no secret, by design of what is put into it (law 7).
 */
export class Store {
  readonly #parts: StoreParts;
  readonly #options: StoreOptions;
  #closed: Promise<void> | null = null;

  /** Takes an open database, or throws a StoreError when it is another program's or a newer daemon's. */
  static async over(database: Database, options: StoreOptions): Promise<Store> {
    return new Store(await loadStoreParts(database, options), options);
  }

  private constructor(parts: StoreParts, options: StoreOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Resolves when everything put so far is on disk, however long the disk refuses; never rejects. */
  durable(): Promise<void> {
    return this.#parts.commit.durable();
  }

  health(): WriteHealth {
    return this.#parts.commit.health();
  }

  putActor(key: string, record: ActorRecord): void {
    this.#parts.actors.put(key, record);
  }

  deleteActor(key: string): void {
    this.#parts.actors.delete(key);
  }

  /** All stored actors, and apart from them those that cannot be read, with the reason. */
  loadActors(): Promise<StoredActors> {
    return this.#parts.actors.read();
  }

  /** Takes a record that must not be used out of the way, and keeps it for a person to look at. */
  quarantine(key: string, raw: unknown, reason: string): void {
    this.#parts.quarantine.put(key, { at: this.#options.clock.now(), reason, raw });
    this.#parts.actors.delete(key);
  }

  quarantinedKeys(): string[] {
    return this.#parts.quarantine.keys();
  }

  /** Answers the entry's sequence number. */
  appendJournal(entry: JournalEntry): number {
    return this.#parts.journal.append(entry);
  }

  readJournal(query: JournalQuery = {}): AsyncGenerator<StoredJournalEntry> {
    return this.#parts.journal.read(query);
  }

  /** The sequence number of the last entry at an instant (epoch ms) or before it; 0 when there is none. */
  journalSeqAt(at: number): Promise<number> {
    return this.#parts.journal.seqAt(at);
  }

  knowsDelivery(id: string): boolean {
    return this.#parts.deliveries.has(id);
  }

  /** Durable when it resolves. Null for a delivery that says nothing more than what was put in the same stretch. */
  rememberDelivery(id: string, observation: JobObservation | null): Promise<'stored' | 'known'> {
    return this.#parts.deliveries.remember(id, observation, this.#options.clock.now());
  }

  /** Put in the same stretch as what the delivery changed, so that neither is stored without the other. */
  deliveryHandled(id: string): void {
    this.#parts.deliveries.handled(id, this.#options.clock.now());
  }

  /** Deliveries that were acknowledged but not yet acted on, in the order of their arrival. */
  pendingDeliveries(): Promise<PendingDelivery[]> {
    return this.#parts.deliveries.pending();
  }

  settleJob(job: SettledJob): void {
    this.#parts.settled.put(job);
  }

  isSettled(jobId: number): boolean {
    return this.#parts.settled.has(jobId);
  }

  /** How a job ended; null while it has not. */
  settledJob(jobId: number): Promise<SettledJob | null> {
    return this.#parts.settled.get(jobId);
  }

  /** A job that is over may be served again. */
  unsettleJob(jobId: number): void {
    this.#parts.settled.forget(jobId);
  }

  /** The newest outcomes first. */
  settledJobs({ limit }: { limit: number }): Promise<SettledJob[]> {
    return this.#parts.settled.newest(limit);
  }

  /** True the first time, so that a job which matches nothing is told of once. */
  noteOnce(job: number | string): boolean {
    if (this.#parts.aged.noted.has(String(job))) return false;
    this.#parts.aged.noted.put(String(job), { at: this.#options.clock.now() });
    return true;
  }

  cordonOf(host: string): Cordon | null {
    return this.#parts.cordons.of(host);
  }

  /** Null takes the order back. */
  cordon(host: string, cordon: Cordon | null): void {
    this.#parts.cordons.put(host, cordon);
  }

  /** What a flight recorder kept; the oldest goes when there are too many. */
  keepEvidence(evidence: KeptEvidence): void {
    this.#parts.evidence.put(evidence);
  }

  evidenceOf(jobId: number): Promise<KeptEvidence[]> {
    return this.#parts.evidence.of(jobId);
  }

  evidenceKeys(): { jobId: number; attempt: number; at: number }[] {
    return this.#parts.evidence.keys();
  }

  /** Forgets what is older than its retention, a bounded piece at a time; answers how many records. */
  async prune(now: number): Promise<number> {
    const old = now - this.#options.retention;
    const { deliveries, settled, noted, quarantine, evidence } = this.#parts.aged;
    let pruned = deliveries.prune(now - DELIVERIES_KEPT, PRUNED_AT_ONCE);
    for (const table of [settled, noted, quarantine, evidence]) pruned += table.prune(old, PRUNED_AT_ONCE);
    return pruned + (await this.#parts.journal.prune(old, PRUNED_AT_ONCE));
  }

  stats(): StoreCounts {
    const { deliveries, settled, noted, quarantine } = this.#parts.aged;
    return {
      actors: this.#parts.actors.size,
      settled: settled.size,
      noted: noted.size,
      deliveries: deliveries.size,
      quarantined: quarantine.size,
      journalSeq: this.#parts.journal.seq,
    };
  }

  /** Writes what is left and closes. Rejects with a StoreError when the disk refuses the last writes. */
  close(): Promise<void> {
    this.#closed ??= this.#parts.commit.close().finally(() => this.#parts.disk.close());
    return this.#closed;
  }
}
