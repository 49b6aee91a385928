import { describe, expect, test, vi } from 'vitest';
import { DaemonError } from '../../src/errors.ts';
import { settled } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { SLOW } from './polling-rig.ts';
import { app, PACE, scripted } from './scripted-poller.ts';

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
