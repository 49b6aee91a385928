import { z } from 'zod';
import { BLAMES, type Failure } from '../../../../machines/failure.ts';
import { endOf, JOB_OUTCOMES, type JobEnd } from '../../../../machines/job/job-end.ts';
import { count, cutText, exactText, identifier, instant } from '../../../bounds.ts';
import type { AgedTable, AgedTableOptions } from '../aged-table.ts';
import { NUMBER_KEY, numberKey } from '../table.ts';

/** What is known of a job after its record is gone: a late event must not start it again. */
export interface SettledJob extends Omit<JobEnd, 'cause'> {
  jobId: number;
  conclusion: string | null;
  cause: Failure | null;
  /** Epoch ms. */
  at: number;
  owner: string;
  repository: string;
  name: string;
  /** In rows of earlier versions: how many names were used for its VMs and runners. */
  namesTaken?: number;
  host: string | null;
}

/** A job of which is only known that it is over. */
interface OverSomehow {
  at: number;
  outcome: null;
}

const facts = {
  jobId: identifier,
  conclusion: cutText.nullable(),
  cause: z
    .object({
      code: exactText,
      blame: exactText,
      disposition: exactText.optional(),
      message: cutText,
      retryAt: instant.nullish(),
    })
    .nullable(),
  at: instant,
  owner: cutText,
  repository: cutText,
  name: cutText,
  attempts: count,
  namesTaken: count.optional(),
  host: exactText.nullable(),
};

/** A row of an earlier version, which told given-up jobs from others and not whose fault an end was. */
const earlierSchema = z
  .object({ ...facts, outcome: z.enum(['done', 'failed', 'lost', 'taken', 'cancelled']) })
  .transform(({ outcome, ...row }) => ({ ...row, ...endOfEarlier(outcome, row) }));

type Facts = z.output<z.ZodObject<typeof facts>>;

function endOfEarlier(outcome: string, { conclusion, cause, attempts }: Facts): Omit<JobEnd, 'cause'> {
  const blame = (cause?.blame ?? null) as JobEnd['blame'];
  if (outcome === 'lost') return { outcome, blame, attempts };
  if (outcome === 'failed') {
    const isCancelled = cause?.code === 'OPERATOR_CANCELLED';
    return { outcome: isCancelled ? 'cancelled' : 'unknown', blame, attempts };
  }
  if (outcome === 'taken') return { outcome: 'notOurs', blame: null, attempts };
  const { cause: _, ...end } = endOf(
    { status: 'completed', conclusion, takenBy: null, attempt: attempts },
    null,
  );
  return end;
}

const settledSchema = z.union([
  z.object({ ...facts, outcome: z.enum(JOB_OUTCOMES), blame: z.enum(BLAMES).nullable() }),
  earlierSchema,
]);

export const SETTLED_ROWS: AgedTableOptions<SettledJob | OverSomehow> = {
  keys: NUMBER_KEY,
  schema: z.union([
    settledSchema as unknown as z.ZodType<SettledJob>,
    z.object({ at: instant, outcome: z.null() }),
  ]),
  instead: (_row, now) => ({ at: now, outcome: null }),
  means: 'That job is over; how it ended is not known any more.',
};

const namesTaken = z.number().int().nonnegative().default(0);

/**
 * Jobs whose end GitHub did not report: an earlier version gave them up, or GitHub did not list them for a
 * moment.
 */
const endUntold = z.union([
  z.object({
    outcome: z.enum(['notOurs', 'unknown']),
    cause: z.object({ code: z.string().refine((code) => !isOrder(code)) }),
    namesTaken,
  }),
  z.object({ outcome: z.literal('unknown'), conclusion: z.null(), cause: z.null(), namesTaken }),
]);

const isOrder = (code: string) => code === 'OPERATOR_CANCELLED' || code === 'OPERATOR_FORGOT';

/** The jobs that are over, and how each ended. */
export class SettledJobs {
  readonly #table: AgedTable<SettledJob | OverSomehow>;
  /** Jobs that GitHub may still have queued, with the numbers that their names used in earlier versions. */
  readonly #endUntold = new Map<string, number>();
  /** Jobs whose end GitHub may still tell. */
  readonly #unknown = new Map<string, SettledJob>();

  constructor(table: AgedTable<SettledJob | OverSomehow>) {
    this.#table = table;
  }

  load(now: number): Promise<void> {
    return this.#table.load(now, (key, value) => this.#note(key, value));
  }

  put(job: SettledJob): void {
    this.#table.put(numberKey(job.jobId), job);
    this.#note(numberKey(job.jobId), job);
  }

  has(jobId: number): boolean {
    return this.#table.has(numberKey(jobId));
  }

  /**
   * The numbers that a job's names used in earlier versions, when GitHub did not report the job's end and no
   * operator ordered it; null for every other job. Such a job is served again while GitHub has it queued (law
   * 11).
   */
  endUntold(jobId: number): number | null {
    const key = numberKey(jobId);
    return this.#table.has(key) ? (this.#endUntold.get(key) ?? null) : null;
  }

  /** How a job ended; null while it has not, and when that is no longer known. */
  async get(jobId: number): Promise<SettledJob | null> {
    return known(await this.#table.get(numberKey(jobId)));
  }

  /** How many VMs a job had whose end GitHub had not told when its actor ended; null for every other job. */
  attemptsOfUnknownEnd(jobId: number): number | null {
    return this.#unknown.get(numberKey(jobId))?.attempts ?? null;
  }

  /** The jobs that ended after an instant (epoch ms) while GitHub had not told how; older ones are forgotten. */
  unknownEndsSince(after: number): SettledJob[] {
    for (const [key, { at }] of this.#unknown) if (at < after) this.#unknown.delete(key);
    return [...this.#unknown.values()];
  }

  #note(key: string, value: SettledJob | OverSomehow): void {
    const job = known(value);
    const isUnknown = job?.outcome === 'unknown' && job.conclusion === null && job.cause === null;
    if (isUnknown) this.#unknown.set(key, job);
    else this.#unknown.delete(key);
    const { data } = endUntold.safeParse(value);
    if (data) this.#endUntold.set(key, data.namesTaken);
    else this.#endUntold.delete(key);
  }

  /** The job may be served again. */
  delete(jobId: number): void {
    this.#table.delete(numberKey(jobId));
    this.#endUntold.delete(numberKey(jobId));
    this.#unknown.delete(numberKey(jobId));
  }

  /** Committed outcomes, the newest first. */
  async newest(limit: number): Promise<SettledJob[]> {
    return (await this.#table.newest(limit)).flatMap((job) => known(job) ?? []);
  }
}

function known(job: SettledJob | OverSomehow | undefined): SettledJob | null {
  return job === undefined || job.outcome === null ? null : job;
}
