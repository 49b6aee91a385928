import type { Logger } from 'pino';
import { z } from 'zod';
import type { Failure } from '../../../../machines/failure.ts';
import type { JobEnd } from '../../../../machines/job/job-end.ts';
import type { AgedTable } from '../aged-table.ts';
import { numberKey } from '../table.ts';

/** What is known of a job after its record is gone: a late event must not start it again. */
export interface SettledJob {
  jobId: number;
  outcome: JobEnd['outcome'];
  conclusion: string | null;
  /** Why; null unless `failed` or `lost`. */
  cause: Failure | null;
  /** Epoch ms. */
  at: number;
  owner: string;
  repository: string;
  name: string;
  attempts: number;
  /** In rows of earlier versions: how many names its VMs and runners were given. */
  namesTaken?: number;
  host: string | null;
}

const givenUp = z.object({
  outcome: z.literal('failed'),
  cause: z.object({ code: z.string().refine((code) => !isOrder(code)) }),
  namesTaken: z.number().int().nonnegative().default(0),
});

const isOrder = (code: string) => code === 'OPERATOR_CANCELLED' || code === 'OPERATOR_FORGOT';

/** The jobs that are over, and how each ended. */
export class SettledJobs {
  readonly #table: AgedTable<SettledJob>;
  readonly #log: Logger;
  /** Jobs that were given up although GitHub may still have them queued, with the numbers that their names took. */
  readonly #givenUp = new Map<string, number>();

  constructor(table: AgedTable<SettledJob>, log: Logger) {
    this.#table = table;
    this.#log = log;
  }

  async load(now: number): Promise<void> {
    const damaged = await this.#table.load(now, ({ key, value }) => {
      this.#note(key, value);
    });
    for (const key of damaged) {
      this.#log.warn(
        { job: Number(key) },
        `job ${Number(key)} is over, but how it ended is damaged in the store`,
      );
    }
  }

  put(job: SettledJob): void {
    this.#table.put(numberKey(job.jobId), job);
    this.#note(numberKey(job.jobId), job);
  }

  has(jobId: number): boolean {
    return this.#table.has(numberKey(jobId));
  }

  /**
   * The numbers that the names of a job took which was given up by something else than an order, as earlier versions
   * did; null for every other job. Such a job is served again while GitHub has it queued (law 11).
   */
  givenUp(jobId: number): number | null {
    const key = numberKey(jobId);
    return this.#table.has(key) ? (this.#givenUp.get(key) ?? null) : null;
  }

  /** How a job ended; null while it has not. */
  async get(jobId: number): Promise<SettledJob | null> {
    return (await this.#table.get(numberKey(jobId))) ?? null;
  }

  #note(key: string, value: unknown): void {
    const { data } = givenUp.safeParse(value);
    if (data) this.#givenUp.set(key, data.namesTaken);
  }

  /** The job may be served again. */
  delete(jobId: number): void {
    this.#table.delete(numberKey(jobId));
    this.#givenUp.delete(numberKey(jobId));
  }

  /** Committed outcomes, the newest first. */
  newest(limit: number): Promise<SettledJob[]> {
    return this.#table.newest(limit);
  }
}
