import { describe, expect, test } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import { DaemonError } from '../../src/errors.ts';
import { Poller, type PollerOptions } from '../../src/intake/polling/poller.ts';
import { cancelRun, currentJobs, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { settled } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { pollingRig, SLOW } from './polling-rig.ts';
import { app, asHeld, logOf, PACE, scripted } from './scripted-poller.ts';

/** A poller on the simulated GitHub, cycle by cycle. */
function polling(over: Partial<PollerOptions> = {}, held: Job[] = []) {
  const rig = pollingRig();
  const lines: string[] = [];
  const { github, clock, onObservation } = rig;
  let looked = 0;
  const poller = new Poller({
    github,
    repositories: [app],
    pace: () => PACE,
    recheckInterval: SLOW,
    clock,
    random: () => 0.5,
    onObservation,
    onLooked: () => {
      looked += 1;
    },
    activeJobs: () => held,
    log: logOf(lines),
    ...over,
  });
  let looks = 0;
  return {
    ...rig,
    poller,
    lines,
    /** Lets the first or the next cycle end. */
    async cycle(): Promise<void> {
      if (looks === 0) poller.start();
      else await clock.advance(PACE);
      looks += 1;
      await soon(() => expect(looked).toBe(looks));
      await settled();
    },
    async [Symbol.asyncDispose]() {
      await poller.stop();
      rig[Symbol.dispose]();
    },
  };
}

describe('polling the simulated GitHub', () => {
  test('finds a job within one cycle', async () => {
    await using rig = polling();
    await rig.cycle();
    const [job] = currentJobs(rig.push());
    await rig.cycle();
    expect(rig.took()).toEqual([`${job?.id} queued`]);
  });

  test('costs nothing of the hourly limit while nothing happens', async () => {
    const held: Job[] = [];
    await using rig = polling({}, held);
    const run = rig.push();
    held.push(asHeld(currentJobs(run)[0]?.id ?? 0));
    const over = currentJobs(rig.push())[0];
    if (over) cancelRun(rig.world, over.run);
    held.push(asHeld(over?.id ?? 0));
    await rig.cycle();
    const spent = rig.world.limits.windowOf('user octocat')?.used;
    expect(spent).toBeGreaterThan(0);
    rig.world.requests.reset();
    for (let n = 0; n < 5; n += 1) await rig.cycle();
    const routes = Object.values(rig.world.requests.all());
    const [requests, free] = [routes.map((one) => one.requests), routes.map((one) => one.notModified)];
    expect(requests).toEqual(free);
    expect(requests.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(15);
    expect(rig.world.limits.windowOf('user octocat')?.used).toBe(spent);
  });

  test('reads active jobs that no list has by their id, and no others', async () => {
    const held: Job[] = [];
    await using rig = polling({}, held);
    const run = rig.push();
    const first = currentJobs(run)[0]?.id ?? 0;
    held.push(asHeld(first));
    await rig.cycle();
    expect(rig.took()).toEqual([`${first} queued`]);
    cancelRun(rig.world, run);
    rerun(rig.world, run, { failedOnly: false });
    const second = currentJobs(run)[0]?.id ?? 0;
    await rig.cycle();
    expect(rig.seen.map(({ source, jobId, status }) => [source, jobId, status])).toEqual([
      ['poll', second, 'queued'],
      ['recheck', first, 'completed'],
    ]);
  });

  test('goes on with the other repositories and all active jobs when one repository cannot be read', async () => {
    const held: Job[] = [];
    const gone = { owner: 'octo', repository: 'gone' };
    await using rig = polling({ repositories: [gone, app] }, held);
    const job = currentJobs(rig.push())[0]?.id ?? 0;
    const over = rig.push();
    const ended = currentJobs(over)[0]?.id ?? 0;
    cancelRun(rig.world, over);
    held.push(...[1, 2, 3, 4, 5, 6, 7].map((id) => asHeld(id, 'gone')), asHeld(ended));
    await rig.cycle();
    expect(rig.took()).toEqual([`${job} queued`, `${ended} completed`].sort());
    expect(rig.poller.health().outages.map(({ what }) => what)).toEqual([
      'the runs of octo/gone',
      'active jobs',
    ]);
    await rig.cycle();
    expect(rig.lines).toHaveLength(2);

    held.length = 0;
    ensureRepository(rig.world, 'octo/gone');
    const back = currentJobs(rig.push([{}], 'octo/gone'))[0]?.id ?? 0;
    await rig.cycle();
    expect(rig.took()).toContain(`${back} queued`);
    expect(rig.lines.slice(2).sort()).toEqual([
      'active jobs can be read again',
      'the runs of octo/gone can be read again',
    ]);
    expect(rig.poller.health().outages).toEqual([]);
  });

  test('stops during a look when the budget reaches its floor, and continues there at the reset', async () => {
    const held: Job[] = [];
    const site = { owner: 'octo', repository: 'site' };
    await using rig = polling({ repositories: [app, site] }, held);
    ensureRepository(rig.world, 'octo/site');
    const [gone] = currentJobs(rig.push());
    await rig.cycle();
    if (gone) cancelRun(rig.world, gone.run);
    held.push(asHeld(gone?.id ?? 0));
    rig.took();

    rig.world.limits.setRemaining('user octocat', 502);
    const [here] = currentJobs(rig.push());
    const [there] = currentJobs(rig.push([{}], 'octo/site'));
    await rig.cycle();
    expect(rig.took()).toEqual([`${gone?.id} completed`, `${here?.id} queued`]);
    const stopped = rig.poller.health();
    const reset = rig.world.limits.windowOf('user octocat')?.resetAt ?? 0;
    expect(stopped.pausedUntil).toBeGreaterThanOrEqual(reset);
    expect(stopped.nextLookAt).toBe(stopped.pausedUntil);
    expect(stopped.cutShort).toEqual({ what: 'the runs of octo/site', since: rig.clock.now() });
    expect(stopped.outages).toEqual([]);

    held.length = 0;
    const [later] = currentJobs(rig.push());
    rig.world.requests.reset();
    await rig.clock.advance(reset - rig.clock.now() - 1);
    expect(rig.world.requests.all()).toEqual({});
    await soon(async () => {
      await rig.clock.advance(1_000);
      expect(rig.poller.health().lastLookAt).not.toBe(stopped.lastLookAt);
    });
    expect(rig.seen.map(({ jobId }) => jobId)).toEqual([there?.id, here?.id, later?.id]);
    expect(rig.poller.health()).toMatchObject({ pausedUntil: null, cutShort: null });
    expect(rig.lines).toEqual([
      expect.stringMatching(
        /^the daemon does not poll GitHub until .*; then it goes on with the runs of octo\/site/,
      ),
      'the daemon polls GitHub again',
    ]);
  });

  test('reads active jobs in their turn when the budget had stopped that before', async () => {
    const held = Array.from({ length: 12 }, (_, n) => asHeld(100 + n));
    const asked: number[] = [];
    let left = 4;
    const getJob = async (_owner: string, _name: string, id: number) => {
      if (left === 0) throw new DaemonError('GITHUB_RATE_LIMITED', 'kept for more than rechecks');
      left -= 1;
      asked.push(id);
      return null;
    };
    const { poller, clock, nextIn } = scripted({ activeJobs: () => held }, { getJob });
    poller.start();
    for (let cycle = 0; cycle < 3; cycle += 1) {
      await nextIn();
      left = 4;
      clock.advance(PACE);
    }
    expect(asked).toEqual(held.map(({ id }) => id));
    await poller.stop();
  });
});
