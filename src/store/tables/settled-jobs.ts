import type { Logger } from 'pino';
import type { Failure } from '../../../machines/failure.ts';
import type { JobEnd } from '../../../machines/job/job-end.ts';
import type { AgedTable } from './aged-table.ts';
import { numberKey } from './table.ts';

/** What is known of a job after its record is gone: a late event must not start it again. */
export interface SettledJob {
  jobId: number;
  outcome: JobEnd['outcome'];
  conclusion: string | null;
  /** Why it was given up; null unless `failed`. */
  cause: Failure | null;
  /** Epoch ms. */
  at: number;
  owner: string;
  repository: string;
  name: string;
  attempts: number;
  /** How many names its VMs and runners were given: if it is served again, their numbers begin after these (law 2). */
  namesTaken?: number;
  host: string | null;
}

/** The jobs that are over, and how each ended. */
export class SettledJobs {
  readonly #table: AgedTable<SettledJob>;
  readonly #log: Logger;

  constructor(table: AgedTable<SettledJob>, log: Logger) {
    this.#table = table;
    this.#log = log;
  }

  async load(now: number): Promise<void> {
    for (const key of await this.#table.load(now)) {
      this.#log.warn(
        { job: Number(key) },
        `job ${Number(key)} is over, but how it ended is damaged in the store`,
      );
    }
  }

  put(job: SettledJob): void {
    this.#table.put(numberKey(job.jobId), job);
  }

  has(jobId: number): boolean {
    return this.#table.has(numberKey(jobId));
  }

  /** How a job ended; null while it has not. */
  async get(jobId: number): Promise<SettledJob | null> {
    return (await this.#table.get(numberKey(jobId))) ?? null;
  }

  /** The job may be served again. */
  delete(jobId: number): void {
    this.#table.delete(numberKey(jobId));
  }

  /** Committed outcomes, the newest first. */
  newest(limit: number): Promise<SettledJob[]> {
    return this.#table.newest(limit);
  }
}
