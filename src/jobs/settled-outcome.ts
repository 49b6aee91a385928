import type { SnapshotFrom } from 'xstate';
import type { Job } from '../../machines/job/context.ts';
import type { JobMachine } from '../../machines/job.ts';
import type { SettledJob } from '../store/tables/settled-jobs.ts';

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
    namesTaken: job.namesTaken,
    host: vm?.host ?? null,
  };
}

/** What stays known of a job that went on without an actor. */
export function outcomeElsewhere(job: Job, at: number): SettledJob {
  const { id, conclusion, owner, repository, name, namesTaken, attemptsFailed } = job;
  return {
    jobId: id,
    outcome: endOf(job),
    conclusion,
    cause: null,
    at,
    owner,
    repository,
    name,
    attempts: attemptsFailed,
    namesTaken,
    host: null,
  };
}

function endOf({ status, conclusion }: Pick<Job, 'status' | 'conclusion'>): SettledJob['outcome'] {
  if (status !== 'completed') return 'taken';
  return conclusion === 'cancelled' ? 'cancelled' : 'done';
}
