import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import { JobRechecks } from '../../src/intake/job-rechecks.ts';
import { Poller } from '../../src/intake/polling/poller.ts';
import { RepositoryNames } from '../../src/intake/repository-names.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { DAY, observation } from '../store/records.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const app = { owner: 'octo', repository: 'app' };
const deaf = { owner: 'octo', repository: 'deaf' };

interface Options {
  signal?: AbortSignal | undefined;
}

const never = ({ signal }: Options = {}) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

test('a repository that hangs does not delay finding the jobs of those after it', async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  const poller = new Poller({
    github: {
      listActiveRuns: async (_owner, repository, _status, options) =>
        repository === 'deaf' ? never(options) : [{ id: 1, updatedAt: '' }],
      listRunJobs: async () => [observation(7)],
      getJob: async () => null,
      now: () => clock.now(),
      pausedUntil: () => null,
      rateLimits: () => [],
      budgets: () => [],
    },
    repositories: [deaf, app],
    pace: () => 10_000,
    recheckInterval: 60_000,
    clock,
    random: () => 0.5,
    onObservation: ({ jobId }) => void seen.push(`job ${jobId}`),
    onLooked: () => undefined,
    activeJobs: () => [],
    log,
  });
  poller.start();
  await settled();
  expect(seen).toEqual(['job 7']);
  await poller.stop();
});

test('a repository that hangs does not delay reading the active jobs of the others', async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  const rechecks = new JobRechecks({
    github: {
      getJob: async (_owner, repository, id, options) =>
        repository === 'deaf' ? never(options) : { ...observation(id), status: 'in_progress' },
    },
    clock,
    onObservation: ({ jobId, status }) => void seen.push(`${jobId} ${status}`),
  });
  const held = (id: number, repository: string): Job => jobFrom({ ...observation(id), repository }, 'macos');
  const stop = new AbortController();
  const asking = rechecks.run([held(1, 'deaf'), held(2, 'app')], stop.signal);
  await settled();
  expect(seen).toEqual(['2 in_progress']);
  stop.abort(new Error('the daemon stops'));
  await expect(asking).rejects.toThrow('the daemon stops');
});

test('a repository that hangs does not delay reading the names of the others', async () => {
  const clock = new ManualClock();
  const store = await memoryStore({ clock, log, retention: DAY });
  const names = new RepositoryNames({
    github: {
      getRepository: async (_owner: string, repository: string, options?: Options) =>
        repository === 'deaf' ? never(options) : { id: 7, fullName: 'octo/renamed' },
    } as never,
    ids: store.repositoryIds,
    repositories: [deaf, app],
    clock,
    log,
  });
  names.start();
  await settled();
  expect(names.renamed()).toEqual([{ from: 'octo/app', to: 'octo/renamed' }]);
  await names.stop();
  await store.close();
});
