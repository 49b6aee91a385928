import { z } from 'zod';
import { BLAMES, type Failure } from '../../../../machines/failure.ts';
import { endOf, JOB_OUTCOMES, type JobEnd, mayHaveEndedBefore } from '../../../../machines/job/job-end.ts';
import type { JobObservation } from '../../../../machines/job/observation.ts';
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
  /** Epoch ms at which the loss of a lost job was seen: the removal of what was left may take longer than GitHub. */
  lostAt?: number;
  owner: string;
  repository: string;
  name: string;
  /** In rows of earlier versions: how many names were used for its VMs and runners. */
  namesTaken?: number;
  host: string | null;
}

/** A job that is known to be over, and nothing else is known of it. */
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
  lostAt: instant.optional(),
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
    true,
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

const ORDERS = ['OPERATOR_CANCELLED', 'OPERATOR_FORGOT'];

/**
 * Returns whether it is open how a job ended: GitHub did not say it, and no operator ordered the end. GitHub had not
 * said it yet, or did not list the job for a moment; or the job was not served for a cause that may be over; or an
 * earlier version gave it up.
 */
function isEndUntold({ outcome, conclusion, cause }: SettledJob): boolean {
  if (cause === null) return outcome === 'unknown' && conclusion === null;
  return (outcome === 'unknown' || outcome === 'notOurs') && !ORDERS.includes(cause.code);
}

/** Milliseconds after the end of a job here for which GitHub is asked how it ended. */
const ASKED_FOR = 3_600_000;

/**
 * Returns whether a job is called lost because its VM was gone, although it may have ended before that: `told` is the
 * conclusion that GitHub reports at `now`.
 */
function mayBeNoLoss(
  { outcome, conclusion, cause, at, lostAt = at }: SettledJob,
  told: string | null,
  now: number,
): boolean {
  return outcome === 'lost' && conclusion === null && mayHaveEndedBefore(cause, told, now - lostAt);
}

/** What GitHub says about a job that is over. */
type ToldEnd = Pick<JobObservation, 'jobId' | 'conclusion' | 'seenAt'>;

/** The jobs that are over, and how each of them ended. */
export class SettledJobs {
  readonly #table: AgedTable<SettledJob | OverSomehow>;
  /** Jobs whose end GitHub did not report, or may correct. */
  readonly #untold = new Map<string, SettledJob>();

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
   * Returns how many numbers the names of a job used in earlier versions, if it is open how the job ended; null for
   * every other job. Such a job is served again while GitHub has it queued (law 11).
   */
  endUntold(jobId: number): number | null {
    const job = this.#untoldEnd(jobId);
    return job && isEndUntold(job) ? (job.namesTaken ?? 0) : null;
  }

  /**
   * Returns how many VMs a job had, if GitHub now says how it ended and that was open; null for every other job. A job
   * that is called lost ended by itself if it succeeded, or if GitHub says so earlier than it would fail a job without
   * a runner.
   */
  attemptsOfUnknownEnd({ jobId, conclusion, seenAt }: ToldEnd): number | null {
    const job = this.#untoldEnd(jobId);
    if (job === null) return null;
    if (job.cause === null) return job.attempts;
    return mayBeNoLoss(job, conclusion, seenAt) ? job.attempts : null;
  }

  /** Returns the jobs about whose end GitHub is to be asked at an instant (epoch ms). */
  unknownEnds(now: number): SettledJob[] {
    return [...this.#untold.values()].filter(
      (job) => job.at >= now - ASKED_FOR && (job.cause === null || mayBeNoLoss(job, 'success', now)),
    );
  }

  /** Returns null also when the row was pruned. */
  #untoldEnd(jobId: number): SettledJob | null {
    const key = numberKey(jobId);
    const job = this.#untold.get(key);
    if (job && !this.#table.has(key)) this.#untold.delete(key);
    return job && this.#table.has(key) ? job : null;
  }

  /** How a job ended; null while it has not ended, and when its row was deleted. */
  async get(jobId: number): Promise<SettledJob | null> {
    return known(await this.#table.get(numberKey(jobId)));
  }

  #note(key: string, value: SettledJob | OverSomehow): void {
    const job = known(value);
    if (job && (isEndUntold(job) || mayBeNoLoss(job, 'success', job.at))) this.#untold.set(key, job);
    else this.#untold.delete(key);
  }

  /** The job may be served again. */
  delete(jobId: number): void {
    this.#table.delete(numberKey(jobId));
    this.#untold.delete(numberKey(jobId));
  }

  /** Committed outcomes, the newest first. */
  async newest(limit: number): Promise<SettledJob[]> {
    return (await this.#table.newest(limit)).flatMap((job) => known(job) ?? []);
  }
}

function known(job: SettledJob | OverSomehow | undefined): SettledJob | null {
  return job === undefined || job.outcome === null ? null : job;
}
