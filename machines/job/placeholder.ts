import { type Job, NO_JOB } from './context.ts';

/**
 * What an actor has in place of a job: for a warm VM without a job, for a VM whose job went on in another actor, or for
 * a VM whose record was lost. It counts as completed, so that it is never tried again and its end is not an outcome of
 * a job. Instants in epoch ms.
 */
export function placeholder({
  name,
  at,
  profile = '',
  owner = '',
  repository = '',
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
    commit: null,
    branch: null,
    labels: [],
    profile,
    status: 'completed',
    conclusion: null,
    takenBy: null,
    queuedAt: at,
    attempt: 0,
    attemptsFailed: 0,
    runnersUnused: 0,
    vmsInVain: 0,
    lastFailure: null,
    notBefore: 0,
    holdOrder: null,
  };
}
