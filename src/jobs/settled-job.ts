import type { Job, JobContext } from '../../machines/job/context.ts';
import { endOf, type JobEnd } from '../../machines/job/job-end.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import type { SettledJob } from '../store/tables/jobs/settled-jobs.ts';

/**
 * Returns what is kept of a job when its record is removed: enough for dedup, for `jobs`, and to say why it failed.
 */
export function settledWithActor(end: JobEnd, { job, vm, phase }: JobContext, at: number): SettledJob {
  const row = settled(job, end, vm?.host ?? null, at);
  return end.outcome === 'lost' ? { ...row, lostAt: phase.enteredAt } : row;
}

/** Returns what is kept of a job that went on without an actor. */
export function settledWithoutActor(job: Job, at: number): SettledJob {
  return settled(job, endOf(job, null, false), null, at);
}

function settled(
  job: Job,
  { outcome, blame, cause, attempts }: JobEnd,
  host: string | null,
  at: number,
): SettledJob {
  return {
    jobId: job.id,
    outcome,
    blame,
    conclusion: job.conclusion,
    cause,
    at,
    owner: job.owner,
    repository: job.repository,
    name: job.name,
    attempts,
    host,
  };
}

/** Returns a job that is over for the daemon, in the form in which GitHub is asked how it ended. */
export function toAskFor({ jobId, owner, repository, name, at, attempts }: SettledJob): Job {
  return {
    ...placeholder({ name, at, owner, repository, attempt: attempts }),
    id: jobId,
    status: 'in_progress',
  };
}
