import type { SnapshotFrom } from 'xstate';
import type { JobMachine } from '../../machines/job.ts';
import type { SettledJob } from '../store/settled-jobs.ts';

/** What stays known of a job when its record goes: enough for dedup, for `jobs`, and to say why it failed. */
export function outcomeOf(snapshot: SnapshotFrom<JobMachine>, at: number): SettledJob {
  const { job, failure, vm } = snapshot.context;
  const ended = job.status !== 'completed' ? 'taken' : job.conclusion === 'cancelled' ? 'cancelled' : 'done';
  return {
    jobId: job.id,
    outcome: snapshot.value === 'failed' ? 'failed' : ended,
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
