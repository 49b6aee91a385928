import type { Failure } from '../failure.ts';
import { type Job, type JobContext, NO_JOB } from './context.ts';

/** How a job ended for us: the output of its actor. `lost`: its VM was gone while it ran, and GitHub fails it. */
export interface JobEnd {
  outcome: 'done' | 'failed' | 'lost' | 'taken' | 'cancelled';
  /** Why; null unless `failed` or `lost`. */
  cause: Failure | null;
  /** VMs that were made for it. */
  attempts: number;
}

/** The end of an actor whose job needs no further VM; null when it has no job. */
export function servedEnd({ context }: { context: JobContext }): JobEnd | null {
  const { job, failure } = context;
  if (job.id === NO_JOB) return null;
  const isLost =
    failure !== null && (job.status === 'in_progress' || (isVmsEnd(failure) && job.conclusion === 'failure'));
  return {
    outcome: isLost ? 'lost' : outcomeByGitHub(job),
    cause: isLost ? failure : null,
    attempts: job.attempt,
  };
}

/** Whether the VM's end was the job's. */
const isVmsEnd = ({ code }: Failure) => code === 'VM_VANISHED' || code === 'LIFETIME_EXCEEDED';

/** The end of an actor whose job is given up. */
export function unservedEnd({ context }: { context: JobContext }): JobEnd | null {
  const { job, failure } = context;
  return job.id === NO_JOB ? null : { outcome: 'failed', cause: failure, attempts: job.attempt };
}

/** What became of a job that was neither given up nor lost. */
export function outcomeByGitHub({
  status,
  conclusion,
}: Pick<Job, 'status' | 'conclusion'>): JobEnd['outcome'] {
  if (status !== 'completed') return 'taken';
  return conclusion === 'cancelled' ? 'cancelled' : 'done';
}
