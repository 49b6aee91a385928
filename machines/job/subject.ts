import { type JobContext, type MadeFor, NO_JOB } from './context.ts';

/**
 * Returns the job and the attempt that an actor's journal entries belong to: its job with its present attempt, or with
 * the next one while it has no VM; without a job, what its VM was made for.
 */
export function subjectOf({ job, vm }: Pick<JobContext, 'job' | 'vm'>): MadeFor {
  if (job.id === NO_JOB) return vm?.madeFor ?? { jobId: NO_JOB, attempt: 0 };
  return { jobId: job.id, attempt: vm === null ? job.attempt + 1 : job.attempt };
}
