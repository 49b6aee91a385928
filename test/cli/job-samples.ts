import type { JobView } from '../../src/jobs/job-view.ts';
import type { SettledJob } from '../../src/store/tables/jobs/settled-jobs.ts';

export const NOW = Date.UTC(2026, 10, 24, 12);

/** A live job as the admin API shows it. */
export function jobView(id: number, change: Partial<JobView> = {}): JobView {
  return {
    key: String(id),
    state: 'sshReady.acting',
    tags: [],
    job: {
      id,
      runId: 1,
      runAttempt: 1,
      owner: 'acme',
      repository: 'app',
      workflow: 'CI',
      name: 'Unit tests',
      url: '',
      commit: null,
      branch: null,
      labels: ['jeballto-macos'],
      profile: 'jeballto-macos',
      status: 'queued',
      conclusion: null,
      takenBy: null,
      queuedAt: NOW - 95_000,
      attempt: 1,
      attemptsFailed: 0,
      runnersUnused: 0,
      vmsInVain: 0,
      lastFailure: null,
      notBefore: 0,
      holdOrder: null,
    },
    vm: {
      name: `gh-default-${id}-1`,
      host: 'mac-1',
      profile: 'jeballto-macos',
      madeFor: { jobId: id, attempt: 1 },
      numbers: { next: 2, last: 100 },
      id: 'A',
      address: null,
      image: null,
      hostKey: null,
      runnerVersion: null,
      expiresAt: null,
      mayAppearUntil: 0,
    },
    runner: null,
    phase: { tries: 0, nextTryAt: 0, lastFailure: null, enteredAt: NOW, deadlineAt: NOW },
    failure: null,
    hold: null,
    progress: null,
    ...change,
  };
}

export function settledJob(jobId: number, change: Partial<SettledJob> = {}): SettledJob {
  return {
    jobId,
    outcome: 'succeeded',
    blame: null,
    conclusion: 'success',
    cause: null,
    at: NOW - 7_200_000,
    owner: 'acme',
    repository: 'app',
    name: 'Lint',
    attempts: 1,
    host: 'mac-1',
    ...change,
  };
}
