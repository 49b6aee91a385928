import { type Job, NO_JOB } from '../../machines/job/context.ts';

/**
 * What an actor holds in place of a job: for a warm VM that none has come for yet, or for one whose record was lost.
 * It counts as completed, so that it is never tried again and its end is no outcome. Instants in epoch ms.
 */
export function standIn({
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
