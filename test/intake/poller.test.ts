import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import { DaemonError } from '../../src/errors.ts';
import { Poller, type PollerOptions } from '../../src/intake/polling/poller.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { cancelRun, currentJobs, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { observation } from '../store/records.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { pollingRig, SLOW } from './polling-rig.ts';

const PACE = 15_000;
const app = { owner: 'octo', repository: 'app' };

function logOf(lines: string[]) {
  return pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
}

/** A poller whose GitHub consists of these functions; by default it has no jobs. */
function scripted(over: Partial<PollerOptions> = {}, github: Partial<PollerOptions['github']> = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const lists = vi.fn(async () => []);
  const poller = new Poller({
    github: {
      now: () => clock.now(),
      listActiveRuns: lists,
      listRunJobs: async () => [],
      getJob: async () => null,
      pausedUntil: () => null,
      rateLimits: () => [],
      budgets: () => [],
      ...github,
    },
    repositories: [app],
    pace: () => PACE,
    recheckInterval: SLOW,
    clock,
    random: () => 0.5,
    onObservation: () => undefined,
    onLooked: () => undefined,
    activeJobs: () => [],
    log: logOf(lines),
    ...over,
  });
  /** Waits until the current cycle is over; returns the milliseconds to the next one. */
  const nextIn = async () => {
    await soon(() => expect(clock.alarms).toHaveLength(1));
    return (clock.alarms[0] ?? Number.NaN) - clock.now();
  };
  return { poller, clock, lines, lists, nextIn };
}

describe('the poller', () => {
  test('knows how long ago each repository was read, also when a read fails or hangs', async () => {
    const hangs = new Promise<never>(() => undefined);
    let tool: () => Promise<never[]> = async () => [];
    const listActiveRuns = async (_owner: string, repository: string) =>
      repository === 'tool' ? tool() : [];
    const repositories = [app, { owner: 'octo', repository: 'tool' }];
    const { poller, clock, nextIn } = scripted({ repositories }, { listActiveRuns });
    const ages = () => poller.health().looks.map(({ what, age }) => [what, age]);
    const told = (one: number | null, other: number | null, active: number | null) => [
      ['the runs of octo/app', one],
      ['the runs of octo/tool', other],
      ['active jobs', active],
    ];
    expect(ages()).toEqual(told(null, null, null));
    poller.start();
    await nextIn();
    expect(ages()).toEqual(told(0, 0, 0));
    tool = () => Promise.reject(new DaemonError('GITHUB_UNREACHABLE', 'no'));
    clock.advance(PACE);
    await nextIn();
    expect(ages()).toEqual(told(0, PACE, 0));
    tool = () => hangs;
    clock.advance(PACE);
    await settled();
    clock.advance(60_000);
    expect(ages()).toEqual(told(60_000, 2 * PACE + 60_000, PACE + 60_000));
    expect(poller.health().took).toBe(0);
  });

  test.each([
    [0, 0.9],
    [0.25, 0.95],
    [0.5, 1],
    [0.999999, 1.1],
  ])(
    'varies its pace by ten percent, so that daemons do not poll at the same time (%f)',
    async (random, share) => {
      const { poller, nextIn } = scripted({ random: () => random });
      poller.start();
      expect(await nextIn()).toBeCloseTo(PACE * share, -1);
      await poller.stop();
    },
  );

  test.each([PACE, SLOW])('looks at once, and then at the given pace: %d', async (pace) => {
    const { poller, clock, lists, nextIn } = scripted({ pace: () => pace });
    poller.start();
    expect(await nextIn()).toBe(pace);
    expect(poller.health()).toMatchObject({ pace, nextLookAt: clock.now() + pace });
    const first = lists.mock.calls.length;
    expect(first).toBeGreaterThan(0);
    clock.advance(pace - 1);
    await settled();
    expect(lists).toHaveBeenCalledTimes(first);
    clock.advance(1);
    expect(await nextIn()).toBe(pace);
    expect(lists.mock.calls.length).toBeGreaterThan(first);
    await poller.stop();
  });

  test('sends no request during a pause of GitHub’s', async () => {
    let pausedUntil: number | null = null;
    const { poller, clock, nextIn } = scripted({}, { pausedUntil: () => pausedUntil });
    pausedUntil = clock.now() + 600_000;
    poller.start();
    expect(await nextIn()).toBe(PACE);
    clock.advance(PACE);
    expect(await nextIn()).toBe(600_000 - PACE);
    expect(poller.health()).toMatchObject({ pausedUntil, nextLookAt: pausedUntil });
    expect(poller.health().cutShort).not.toBeNull();
    pausedUntil = null;
    clock.advance(600_000 - PACE);
    expect(await nextIn()).toBe(PACE);
    await poller.stop();
  });

  test('logs a pause that other calls caused between two looks', async () => {
    let pausedUntil: number | null = null;
    const { poller, clock, lines, nextIn } = scripted({}, { pausedUntil: () => pausedUntil });
    poller.start();
    expect(await nextIn()).toBe(PACE);
    pausedUntil = clock.now() + 600_000;
    clock.advance(PACE);
    expect(await nextIn()).toBe(600_000 - PACE);
    const { cutShort, nextLookAt } = poller.health();
    expect(cutShort).toEqual({ what: 'the runs of octo/app', since: clock.now() });
    expect(nextLookAt).toBe(pausedUntil);
    expect(lines).toEqual([
      expect.stringMatching(
        /^the daemon does not poll GitHub until .*; then it goes on with the runs of octo\/app/,
      ),
    ]);
    pausedUntil = null;
    clock.advance(600_000 - PACE);
    expect(await nextIn()).toBe(PACE);
    expect(poller.health().cutShort).toBeNull();
    expect(lines).toHaveLength(2);
    await poller.stop();
  });

  test('stops at once while it sleeps', async () => {
    const { poller, clock, lists, nextIn } = scripted();
    poller.start();
    await nextIn();
    const calls = lists.mock.calls.length;
    await poller.stop();
    expect(clock.alarms).toEqual([]);
    clock.advance(10 * PACE);
    expect(lists).toHaveBeenCalledTimes(calls);
  });

  test('stops at once during a request, without logging an outage', async () => {
    const hang = (
      _owner: string,
      _name: string,
      _status: string,
      { signal }: { signal?: AbortSignal | undefined } = {},
    ) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    const lists = vi.fn(hang);
    const { poller, lines, clock } = scripted({}, { listActiveRuns: lists });
    poller.start();
    await soon(() => expect(lists).toHaveBeenCalledOnce());
    await poller.stop();
    expect(lines).toEqual([]);
    expect(poller.health().outages).toEqual([]);
    expect(clock.alarms).toEqual([]);
  });

  test('logs an outage once, a new cause once, and its end', async () => {
    const causes = [
      'GITHUB_ERROR',
      'GITHUB_ERROR',
      'GITHUB_UNREACHABLE',
      'GITHUB_UNREACHABLE',
      null,
      null,
    ] as const;
    let cycle = -1;
    const github = {
      listActiveRuns: async (_owner: string, _name: string, status: string) => {
        if (status === 'queued') cycle += 1;
        const cause = causes[cycle] ?? null;
        if (cause !== null) throw new DaemonError(cause, `it is the ${cause}`);
        return [];
      },
    };
    const { poller, clock, lines, nextIn } = scripted({}, github);
    const begin = clock.now();
    poller.start();
    const outages = [];
    for (const _ of causes) {
      await nextIn();
      outages.push(
        poller.health().outages.map(({ what, since, failure }) => [what, since - begin, failure.code]),
      );
      clock.advance(PACE);
    }
    await nextIn();
    expect(outages).toEqual([
      [['the runs of octo/app', 0, 'GITHUB_ERROR']],
      [['the runs of octo/app', 0, 'GITHUB_ERROR']],
      [['the runs of octo/app', 0, 'GITHUB_UNREACHABLE']],
      [['the runs of octo/app', 0, 'GITHUB_UNREACHABLE']],
      [],
      [],
    ]);
    expect(lines).toEqual([
      'cannot read the runs of octo/app: it is the GITHUB_ERROR',
      'cannot read the runs of octo/app: it is the GITHUB_UNREACHABLE',
      'the runs of octo/app can be read again',
    ]);
    await poller.stop();
  });

  test('goes on after an error of our own code', async () => {
    const fault = () => Promise.reject(new TypeError('a fault of ours'));
    const { poller, clock, nextIn } = scripted({}, { listActiveRuns: fault });
    poller.start();
    expect(await nextIn()).toBe(PACE);
    expect(poller.health()).toMatchObject({
      lastLookAt: clock.now(),
      outages: [{ failure: { code: 'UNEXPECTED' } }],
    });
    await poller.stop();
  });
});

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

const asHeld = (id: number, repository = 'app') => jobFrom({ ...observation(id), repository }, 'macos');

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
