import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { runnerScopeOf } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { decideHealth, UNSERVED_BOUND } from '../../src/health/decide-health.ts';
import { ServedWatch } from '../../src/health/served-watch.ts';
import { NO_ROLLOUTS } from '../../src/images/no-rollouts.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { Breakers } from '../../src/placement/breakers/breakers.ts';
import { type Gates, OPEN_GATES } from '../../src/placement/schedule.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { factsOf } from './health-rig.ts';

const log = pino({ level: 'silent' });

/** A watch over a real dispatcher with one queued job and a host; a test may replace gates. */
async function watched(gates: Partial<Gates> = {}, { slots = 1 } = {}) {
  const queued = snapshotAt('queued');
  const clock = new ManualClock(queued.context.job.queuedAt + 1_000);
  const { profile } = queued.context.job;
  const store = await memoryStore({ clock, log, retention: 1e12 });
  let isQueued = true;
  const actors = {
    *placeholders() {},
    *held() {},
    slotsOn: () => new Set(),
    lastNumber: () => 0,
    snapshotOf: () => queued,
    *inQueue() {
      if (isQueued) yield { key: '1', snapshot: queued };
    },
    send: (_: string, { type }: { type: string }) => {
      if (type === 'slot.granted') isQueued = false;
    },
  } as unknown as JobActors;
  const look = { slots, vms: [] };
  const dispatcher = new Dispatcher({
    rollouts: NO_ROLLOUTS,
    breakers: new Breakers({
      policies: DEFAULT_BREAKER_POLICIES,
      clock,
      log,
      scopeOf: (job) => runnerScopeOf('repository', job),
      onChange: () => undefined,
    }),
    gates: { ...OPEN_GATES, ...gates },
    actors,
    cordons: store.cordons,
    hosts: {
      all: () => [
        { name: 'mac-1', snapshot: { hasTag: (tag: string) => tag === 'acceptsJobs', context: { look } } },
      ],
    } as never,
    store,
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh' },
    warm: new Map(),
    profileFor: () => profile,
  });
  const watch = new ServedWatch({ couldBegin: () => dispatcher.couldBegin(), clock, log });
  const profiles = () => [profile, 'other'].map((name) => ({ name, unservedFor: watch.unservedFor(name) }));
  watch.start();
  onTestFinished(async () => {
    await watch.stop();
    await store.close();
  });
  /** Epoch ms at which any job last got a slot. */
  const grants: { last: number | null } = { last: null };
  const grantAge = () => grants.last && clock.now() - grants.last;
  const health = () => decideHealth(factsOf({ profiles: profiles(), grantAge: grantAge() }));
  return {
    clock,
    dispatcher,
    grants,
    profile,
    verdict: async (ms: number) => {
      await clock.pass(ms);
      return health().ready;
    },
    unserved: () =>
      profiles()
        .filter(({ unservedFor }) => unservedFor > 0)
        .map(({ name }) => name),
  };
}

test('a daemon whose scheduler is never woken becomes not ready, although nothing fails', async () => {
  const { verdict, unserved, profile } = await watched();
  expect(await verdict(UNSERVED_BOUND)).toBe(true);
  expect(await verdict(5_000)).toBe(false);
  expect(unserved()).toEqual([profile]);
});

test('a daemon whose scheduler decides but grants nothing becomes not ready, until it grants', async () => {
  let answer: 'asking' | 'yes' = 'asking';
  const { clock, verdict, dispatcher, unserved } = await watched({ isReady: () => answer });
  dispatcher.requestScheduling();
  expect(await verdict(UNSERVED_BOUND + 5_000)).toBe(false);
  answer = 'yes';
  dispatcher.requestScheduling();
  await clock.pass(5_000);
  expect(unserved()).toEqual([]);
});

test.each<[string, Partial<Gates>, object]>([
  ['no slot is free', {}, { slots: 0 }],
  ['it is held back on every host', { of: () => null }, {}],
  ['a breaker has no room', { of: () => ['github github'], room: () => 0 }, {}],
  ['its image is being pulled, or GitHub holds it', { peek: () => null }, {}],
])('a job that waits does not change the health, however long, while %s', async (_why, gates, room) => {
  const { verdict, unserved } = await watched(gates, room);
  expect(await verdict(100 * UNSERVED_BOUND)).toBe(true);
  expect(unserved()).toEqual([]);
});

test('a daemon that drains grants nothing, and no profile counts as unserved for that', async () => {
  const { verdict, dispatcher, unserved } = await watched();
  dispatcher.drain();
  await verdict(UNSERVED_BOUND + 5_000);
  expect(unserved()).toEqual([]);
});

test('a daemon stays ready when a job of another profile got a slot', async () => {
  const { clock, grants, verdict } = await watched();
  await clock.pass(UNSERVED_BOUND);
  grants.last = clock.now();
  expect(await verdict(5_000)).toBe(true);
});
