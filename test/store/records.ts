import { failure } from '../../machines/failure.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { ActorRecord } from '../../src/store/tables/jobs/actor-records.ts';
import type { SettledJob } from '../../src/store/tables/jobs/settled-jobs.ts';
import type { JournalEntry } from '../../src/store/tables/journal.ts';

export const DAY = 24 * 3600_000;

export function actorRecord(snapshot: unknown = { value: 'queued' }): ActorRecord {
  return { v: 1, machine: 'job', savedAt: 1, snapshot };
}

export function journalEntry(with_: Partial<JournalEntry> = {}): JournalEntry {
  return {
    at: 1_700_000_000_000,
    actor: '7',
    jobId: 7,
    attempt: 1,
    host: 'mini',
    event: 'slot.granted',
    from: 'queued',
    to: 'creating',
    ...with_,
  };
}

export function settledJob(jobId: number, with_: Partial<SettledJob> = {}): SettledJob {
  return {
    jobId,
    outcome: 'notOurs',
    blame: 'operator',
    conclusion: null,
    cause: failure('PROFILE_UNKNOWN', 'No label of the config matches it.'),
    at: 1_700_000_000_000,
    owner: 'octo',
    repository: 'app',
    name: 'build',
    attempts: 3,
    host: 'mini',
    ...with_,
  };
}

export function observation(jobId: number): JobObservation {
  return {
    source: 'webhook',
    seenAt: 1,
    jobId,
    runId: 1,
    runAttempt: 1,
    owner: 'octo',
    repository: 'app',
    workflow: 'ci',
    name: 'build',
    url: 'https://github.com/octo/app/actions/runs/1/job/1',
    commit: '3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b',
    branch: 'main',
    labels: ['macos'],
    status: 'queued',
    conclusion: null,
    queuedAt: 1,
    runnerId: null,
    runnerName: null,
  };
}
