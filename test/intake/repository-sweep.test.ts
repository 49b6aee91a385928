import { describe, expect, test } from 'vitest';
import { RepositorySweep } from '../../src/intake/polling/repository-sweep.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { changeJob } from '../../src/simulator/github/jobs/job-changes.ts';
import { approveRun, cancelRun, currentJobs, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { pollingRig, SLOW } from './polling-rig.ts';

const never = new AbortController().signal;
const JOBS = 'GET /repos/:owner/:repo/actions/runs/:run_id/jobs';
type Rig = ReturnType<typeof pollingRig>;

function sweepOf(
  { github, clock, onObservation }: Rig,
  repository = 'app',
  pace = 0,
  slowPace = SLOW,
): RepositorySweep {
  const paces = { slowPace, pace: () => pace };
  return new RepositorySweep({ github, clock, owner: 'octo', repository, ...paces, onObservation });
}

const start = (rig: Rig, job: Job | undefined) =>
  job && changeJob(rig.world, job, { status: 'in_progress' }, null);

describe('a sweep', () => {
  test.each(['leastAdvanced', 'mostAdvanced'] as const)(
    'finds a queued job beside a running one, whichever of the two the status of the run follows (%s)',
    async (runStatusFollows) => {
      using rig = pollingRig({ runStatusFollows });
      const [running, queued] = currentJobs(rig.push([{}, {}]));
      start(rig, running);
      const listed = await sweepOf(rig).run(never);
      expect(rig.took()).toEqual([`${running?.id} in_progress`, `${queued?.id} queued`]);
      expect(listed).toEqual(new Set([running?.id, queued?.id]));
    },
  );

  test('lists waiting and pending runs rarely, and finds an approved one at its usual pace', async () => {
    using rig = pollingRig();
    const run = rig.push([{ needsApproval: true }]);
    const sweep = sweepOf(rig);
    await sweep.run(never);
    expect(rig.statuses.splice(0)).toEqual(['queued', 'in_progress', 'waiting', 'pending']);
    const [job] = currentJobs(run);
    expect(rig.took()).toEqual([`${job?.id} waiting`]);
    await rig.clock.advance(SLOW - 1_000);
    await sweep.run(never);
    expect(rig.statuses.splice(0)).toEqual(['queued', 'in_progress']);
    approveRun(rig.world, run);
    await sweep.run(never);
    expect(rig.took()).toEqual([`${job?.id} queued`]);
    await rig.clock.advance(1_000);
    rig.statuses.length = 0;
    await sweep.run(never);
    expect(rig.statuses).toEqual(['queued', 'in_progress', 'waiting', 'pending']);
  });

  test('lists waiting runs again in the next sweep when it could not read them', async () => {
    using rig = pollingRig();
    const sweep = sweepOf(rig);
    rig.world.faults.add({ route: 'GET */runs', status: 500, skip: 3, times: 1 });
    await expect(sweep.run(never)).rejects.toMatchObject({ failure: { code: 'GITHUB_ERROR' } });
    rig.statuses.length = 0;
    await sweep.run(never);
    expect(rig.statuses).toEqual(['queued', 'in_progress', 'waiting', 'pending']);
  });

  test.each([
    { pace: 10_000, readAt: [0, 6] },
    { pace: 60_000, readAt: [0, 5, 10] },
    { pace: 150_000, readAt: [0, 2, 4, 6, 8, 10] },
  ])(
    'looking each $pace ms, it reads the jobs of an unchanged run at the looks $readAt alone',
    async ({ pace, readAt }) => {
      using rig = pollingRig();
      rig.push();
      await rig.clock.advance(60_000);
      const sweep = sweepOf(rig, 'app', pace, 60_000);
      const reads = [];
      for (let look = 0; look <= 10; look += 1) {
        rig.world.requests.reset();
        await sweep.run(never);
        if (rig.world.requests.of(JOBS).requests > 0) reads.push(look);
        await rig.clock.advance(pace);
      }
      expect(reads).toEqual(readAt);
    },
  );

  test('reads the jobs of a run when it is new, when it changed, and when they were not read for long', async () => {
    using rig = pollingRig();
    const run = rig.push();
    const [job] = currentJobs(run);
    await rig.clock.advance(60_000);
    const sweep = sweepOf(rig);
    const reads = async () => {
      rig.world.requests.reset();
      await sweep.run(never);
      return rig.world.requests.of(JOBS).requests;
    };
    expect(await reads()).toBe(1);
    expect(await reads()).toBe(0);
    await rig.clock.advance(2_000);
    start(rig, job);
    rig.took();
    expect(await reads()).toBe(1);
    expect(rig.took()).toEqual([`${job?.id} in_progress`]);
    await rig.clock.advance(60_000);
    expect(await reads()).toBe(1);
    await rig.clock.advance(SLOW - 1);
    expect(await reads()).toBe(0);
    await rig.clock.advance(1);
    expect(await reads()).toBe(1);
  });

  test('finds a job that was queued in the same second in which its run was read', async () => {
    using rig = pollingRig();
    const run = rig.push();
    const sweep = sweepOf(rig);
    await sweep.run(never);
    cancelRun(rig.world, run);
    rerun(rig.world, run, { failedOnly: false });
    rig.took();
    await sweep.run(never);
    expect(rig.took()).toEqual([`${currentJobs(run)[0]?.id} queued`]);
  });

  test('reads all pages of runs, and no more than 200 runs in one cycle', async () => {
    using rig = pollingRig();
    for (let n = 0; n < 230; n += 1) rig.push();
    await rig.clock.advance(60_000);
    const sweep = sweepOf(rig);
    const listed = await sweep.run(never);
    expect([listed.size, rig.took().length]).toEqual([200, 200]);
    expect((await sweep.run(never)).size).toBe(230);
    expect(rig.took()).toHaveLength(30);
    await sweep.run(never);
    expect(rig.took()).toEqual([]);
  });

  test('returns no job of an earlier attempt or of a run that is over', async () => {
    using rig = pollingRig();
    const [again, over] = [rig.push(), rig.push()];
    const first = currentJobs(again)[0];
    const sweep = sweepOf(rig);
    expect((await sweep.run(never)).size).toBe(2);
    await rig.clock.advance(2_000);
    cancelRun(rig.world, again);
    cancelRun(rig.world, over);
    rerun(rig.world, again, { failedOnly: false });
    const listed = await sweep.run(never);
    expect(listed).toEqual(new Set([currentJobs(again)[0]?.id]));
    expect(listed.has(first?.id ?? 0)).toBe(false);
  });

  test('goes on after a run that was deleted since it was listed', async () => {
    using rig = pollingRig();
    const [kept, deleted] = [rig.push(), rig.push()];
    rig.world.faults.add({ route: `GET /repos/octo/app/actions/runs/${deleted.id}/jobs`, status: 404 });
    expect(await sweepOf(rig).run(never)).toEqual(new Set([currentJobs(kept)[0]?.id]));
  });

  test('of a repository that cannot be read rejects with GitHub’s refusal', async () => {
    using rig = pollingRig();
    await expect(sweepOf(rig, 'gone').run(never)).rejects.toMatchObject({
      failure: { code: 'GITHUB_NOT_FOUND' },
    });
  });

  test('that failed half way reads the rest the next time', async () => {
    using rig = pollingRig();
    for (let n = 0; n < 20; n += 1) rig.push();
    await rig.clock.advance(60_000);
    const sweep = sweepOf(rig);
    rig.world.faults.add({ route: 'GET */jobs', status: 502, skip: 7, times: 1 });
    await expect(sweep.run(never)).rejects.toThrow();
    const before = rig.seen.length;
    await sweep.run(never);
    expect(rig.took()).toHaveLength(20);
    expect(before).toBeGreaterThan(0);
  });
});
