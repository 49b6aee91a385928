import { describe, expect, test } from 'vitest';

import { rerun } from '../../src/simulator/github/jobs/runs.ts';
import { ShiftedClock } from '../effects/shifted-clock.ts';
import { MAC, REPOSITORY } from '../simulator/github/github-fixture.ts';
import { ManualClock } from '../support/manual-clock.ts';

import { codeOf, githubRig } from './github-rig.ts';

const RUNS = 'GET /repos/:owner/:repo/actions/runs';
const JOBS = 'GET /repos/:owner/:repo/actions/runs/:run_id/jobs';
const HOUR = 3_600_000;

describe('looking for queued jobs', () => {
  test('reads all pages of runs and of jobs', async () => {
    await using rig = await githubRig();
    for (let n = 0; n < 104; n += 1) rig.push();
    const large = rig.push(Array.from({ length: 203 }, () => ({})));
    const runs = await rig.github.listActiveRuns('octo', 'app', 'queued');
    expect(new Set(runs.map(({ id }) => id)).size).toBe(105);
    const jobs = await rig.github.listRunJobs('octo', 'app', large.id);
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(203);
    expect(rig.world.requests.of(RUNS).requests).toBe(2);
    expect(rig.world.requests.of(JOBS).requests).toBe(3);
    expect(rig.wire.map(({ query }) => query.get('per_page'))).toEqual(['100', '100', '100', '100', '100']);
  });

  test('costs nothing of the hourly limit while nothing changes, on any page', async () => {
    await using rig = await githubRig();
    for (let n = 0; n < 101; n += 1) rig.push();
    const run = rig.push();
    const cycle = async () => [
      await rig.github.listActiveRuns('octo', 'app', 'queued'),
      await rig.github.listActiveRuns('octo', 'app', 'in_progress'),
      (await rig.github.listRunJobs('octo', 'app', run.id)).map(({ jobId }) => jobId),
    ];
    const first = await cycle();
    const left = rig.github.rateLimits()[0]?.remaining;
    rig.world.requests.reset();
    expect(await cycle()).toEqual(first);
    expect(rig.world.requests.of(RUNS)).toEqual({ requests: 3, notModified: 3, byStatus: { 304: 3 } });
    expect(rig.world.requests.of(JOBS)).toEqual({ requests: 1, notModified: 1, byStatus: { 304: 1 } });
    expect(rig.github.rateLimits()[0]?.remaining).toBe(left);
    expect(left).toBe(5_000 - 4);
  });

  test('costs nothing of the hourly limit in the next hour either', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig({}, { clock });
    rig.push();
    await rig.github.listActiveRuns('octo', 'app', 'queued');
    clock.advance(HOUR);
    await rig.github.listActiveRuns('octo', 'app', 'queued');
    expect(rig.world.requests.of(RUNS).byStatus).toEqual({ 200: 1, 304: 1 });
  });

  test('finds what changed since, with the instant of each look', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig({}, { clock });
    const run = rig.push();
    const [before] = await rig.github.listRunJobs('octo', 'app', run.id);
    clock.advance(5_000);
    const [unchanged] = await rig.github.listRunJobs('octo', 'app', run.id);
    expect(unchanged).toEqual({ ...before, seenAt: (before?.seenAt ?? 0) + 5_000 });
    rig.push();
    expect(await rig.github.listActiveRuns('octo', 'app', 'queued')).toHaveLength(2);
  });

  test('ignores a run that has been queued for over a day, but not one that was run again or approved today', async () => {
    const clock = new ShiftedClock();
    await using rig = await githubRig({}, { clock, githubClock: clock });
    rig.push();
    const again = rig.push();
    clock.advance(25 * HOUR + 1_000);
    expect(await rig.github.listActiveRuns('octo', 'app', 'queued')).toEqual([]);
    for (const job of again.attempts[0] ?? []) job.state = { ...job.state, status: 'completed' };
    rerun(rig.world, again, { failedOnly: false });
    again.shownUpdate.record(clock.now(), clock.now());
    const runs = await rig.github.listActiveRuns('octo', 'app', 'queued');
    expect(runs.map(({ id }) => id)).toEqual([again.id]);
  });

  test('keeps an old run that is in progress or waits, since it may still get a queued job', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig({}, { clock });
    rig.push([{ needsApproval: true }]);
    clock.advance(20 * 24 * HOUR);
    expect(await rig.github.listActiveRuns('octo', 'app', 'waiting')).toHaveLength(1);
  });

  test('returns jobs with GitHub’s values', async () => {
    await using rig = await githubRig();
    const run = rig.push([{ name: 'build', labels: ['self-hosted', 'macOS'] }]);
    const [job] = run.attempts[0] ?? [];
    expect(await rig.github.listRunJobs('octo', 'app', run.id)).toEqual([
      {
        source: 'poll',
        seenAt: expect.any(Number),
        jobId: job?.id,
        runId: run.id,
        runAttempt: 1,
        owner: 'octo',
        repository: 'app',
        workflow: 'CI',
        name: 'build',
        url: expect.stringContaining(`/${REPOSITORY}/actions/runs/${run.id}/job/${job?.id}`),
        commit: run.headSha,
        branch: 'main',
        labels: MAC,
        status: 'queued',
        conclusion: null,
        queuedAt: Math.floor((job?.createdAt ?? 0) / 1000) * 1000,
        runnerId: null,
        runnerName: null,
      },
    ]);
  });
});

describe('a job asked for by its id', () => {
  test('is found in whichever attempt of its run it is', async () => {
    await using rig = await githubRig();
    const run = rig.push();
    const [first] = run.attempts[0] ?? [];
    if (first) first.state = { ...first.state, status: 'completed', conclusion: 'failure' };
    rerun(rig.world, run, { failedOnly: false });
    expect(await rig.github.getJob('octo', 'app', first?.id ?? 0)).toMatchObject({
      source: 'recheck',
      status: 'completed',
      conclusion: 'failure',
      runAttempt: 1,
    });
    const latest = await rig.github.listRunJobs('octo', 'app', run.id);
    expect(latest).toMatchObject([{ status: 'queued', runAttempt: 2 }]);
  });

  test('is over when GitHub does not have it any more and the repository can be read', async () => {
    await using rig = await githubRig();
    expect(await rig.github.getJob('octo', 'app', 12345)).toBeNull();
  });

  test.each([
    [
      'the credentials lost the repository',
      { tokens: { poor: { scopes: ['read:user'] } } },
      'REPOSITORY_GONE',
    ],
    [
      'they lost the permission',
      { tokens: { poor: { permissions: { administration: 'read' } } } },
      'GITHUB_PERMISSION_MISSING',
    ],
  ] as const)('is not believed to be gone when %s', async (_name, settings, code) => {
    await using rig = await githubRig(settings, { auth: { token: 'poor' } });
    rig.faults.add({ route: 'GET /repos/octo/app/actions/jobs/:id', status: 404 });
    expect(await codeOf(rig.github.getJob('octo', 'app', 12345))).toBe(code);
  });

  test('is not taken to be over while the repository cannot be read', async () => {
    await using rig = await githubRig();
    rig.faults.add({ route: 'GET /repos/octo/app/actions/runs', status: 503 });
    expect(await codeOf(rig.github.getJob('octo', 'app', 12345))).toBe('GITHUB_ERROR');
  });

  test('of a repository that does not exist fails, and is not taken to be over', async () => {
    await using rig = await githubRig();
    expect(await codeOf(rig.github.getJob('octo', 'gone', 1))).toBe('REPOSITORY_GONE');
    expect(await codeOf(rig.github.getJob('nobody', 'gone', 1))).toBe('GITHUB_NOT_FOUND');
  });
});
