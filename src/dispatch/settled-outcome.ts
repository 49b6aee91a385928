import type { SnapshotFrom } from 'xstate';
import type { JobMachine } from '../../machines/job.ts';
import type { JobObservation } from '../intake/job-observation.ts';
import type { SettledJob } from '../store/settled-jobs.ts';

/** What stays known of a job when its record goes: enough for dedup, for `jobs`, and to say why it failed. */
export function outcomeOf(snapshot: SnapshotFrom<JobMachine>, at: number): SettledJob {
  const { job, failure, vm } = snapshot.context;
  return {
    jobId: job.id,
    outcome: snapshot.value === 'failed' ? 'failed' : endOf(job),
    conclusion: job.conclusion,
    cause: snapshot.value === 'failed' ? failure : null,
    at,
    owner: job.owner,
    repository: job.repository,
    name: job.name,
    attempts: job.attemptsFailed + (snapshot.value === 'failed' ? 0 : 1),
    host: vm?.host ?? null,
  };
}

/** What stays known of a job that never had an actor. */
export function outcomeElsewhere(seen: JobObservation, at: number): SettledJob {
  const { jobId, conclusion, owner, repository, name } = seen;
  const outcome = endOf(seen);
  return { jobId, outcome, conclusion, cause: null, at, owner, repository, name, attempts: 0, host: null };
}

function endOf({ status, conclusion }: Pick<JobObservation, 'status' | 'conclusion'>): SettledJob['outcome'] {
  if (status !== 'completed') return 'taken';
  return conclusion === 'cancelled' ? 'cancelled' : 'done';
}
