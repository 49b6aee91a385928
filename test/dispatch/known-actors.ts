import type { Job } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { Holder } from '../../src/jobs/holder.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';

/** What GitHub says of a job that it has queued; `facts` overrides it. */
export const seen = (jobId: number, facts: Partial<JobObservation> = {}): JobObservation => ({
  source: 'webhook',
  seenAt: 1,
  jobId,
  runId: 1,
  runAttempt: 1,
  owner: 'acme',
  repository: 'app',
  workflow: 'CI',
  name: 'build',
  url: 'https://github.com/acme/app/actions/runs/1/job/1',
  commit: null,
  branch: null,
  labels: ['mac'],
  status: 'queued',
  conclusion: null,
  queuedAt: 1,
  runnerId: null,
  runnerName: null,
  ...facts,
});

export const THEIRS = { runner: 'theirs', isOurs: false };

export const job = (id: number, facts: Partial<Job> = {}): Job => ({ ...jobFrom(seen(id), 'mac'), ...facts });

export const STAYS = { isLeaving: false, mayBeBusy: false };

/** Actors by key, with the job that each holds and the runner that it owns. */
export function known(actors: Record<string, { job: Job; runner?: string }>, settled: number[] = []) {
  const holders = Object.entries(actors).map(([key, { job: held, runner }]) => ({
    holder: { key, job: held, vmProfile: runner ? 'mac' : null, ...STAYS } satisfies Holder,
    runner,
  }));
  return {
    holderOfJob: (id: number) => holders.find(({ holder }) => holder.job.id === id)?.holder ?? null,
    holderOfRunner: (name: string) => holders.find(({ runner }) => runner === name)?.holder ?? null,
    nextJobFor: (_: Holder): Holder | null => null,
    isSettled: (id: number) => settled.includes(id),
    isEndUntold: (_: number) => false,
    isOurs: (name: string) => name.startsWith('gh-a-'),
    attemptsOfUnknownEnd: () => null,
    profileFor: (labels: string[]) => (labels.includes('mac') ? 'mac' : null),
  };
}
