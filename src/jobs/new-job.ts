import { type Job, NO_JOB } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';

/**
 * What an actor holds in place of a job: for a warm VM that none has come for yet, or for one whose record was lost.
 * It counts as completed, so that it is never tried again and its end is no outcome. Instants in epoch ms.
 */
export function placeholder({
  name,
  at,
  profile = '',
  owner = '',
  repository = '',
  namesTaken = 0,
}: Pick<Job, 'name'> & Partial<Job> & { at: number }): Job {
  return {
    id: NO_JOB,
    runId: 0,
    runAttempt: 0,
    owner,
    repository,
    workflow: '',
    name,
    url: '',
    labels: [],
    profile,
    status: 'completed',
    conclusion: null,
    queuedAt: at,
    namesTaken,
    attemptsFailed: 0,
    notBefore: 0,
  };
}

/** A job as it begins its life with us. */
export function jobFrom(seen: JobObservation, profile: string): Job {
  return {
    id: seen.jobId,
    runId: seen.runId,
    runAttempt: seen.runAttempt,
    owner: seen.owner,
    repository: seen.repository,
    workflow: seen.workflow,
    name: seen.name,
    url: seen.url,
    labels: seen.labels,
    profile,
    status: seen.status,
    conclusion: seen.conclusion,
    queuedAt: seen.queuedAt,
    namesTaken: 0,
    attemptsFailed: 0,
    notBefore: 0,
  };
}
