import type { Failure } from '../failure.ts';
import { type Job, type JobContext, NO_JOB } from './context.ts';

/** How a job ended for us: the output of its actor. */
export interface JobEnd {
  outcome: 'done' | 'failed' | 'taken' | 'cancelled';
  /** Why it was given up; null unless `failed`. */
  cause: Failure | null;
  attempts: number;
}

/** The end of an actor whose job needs no further VM; null where no job ended with it. */
export function servedEnd({ context }: { context: JobContext }): JobEnd | null {
  const { job } = context;
  return endsJob(context)
    ? { outcome: outcomeByGitHub(job), cause: null, attempts: job.attemptsFailed + 1 }
    : null;
}

/** The end of an actor that gave its job up. */
export function unservedEnd({ context }: { context: JobContext }): JobEnd | null {
  const { job, failure } = context;
  return endsJob(context) ? { outcome: 'failed', cause: failure, attempts: job.attemptsFailed } : null;
}

/** What became of a job that was not given up. */
export function outcomeByGitHub({
  status,
  conclusion,
}: Pick<Job, 'status' | 'conclusion'>): JobEnd['outcome'] {
  if (status !== 'completed') return 'taken';
  return conclusion === 'cancelled' ? 'cancelled' : 'done';
}

/** A job that was released goes on in another actor, and a warm VM may end without ever having had one. */
function endsJob({ job, released }: JobContext): boolean {
  return !released && job.id !== NO_JOB;
}
