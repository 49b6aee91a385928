import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { runnerScopeOf } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { systemClock } from '../../src/clock.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { NO_ROLLOUTS } from '../../src/images/no-rollouts.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { Breakers } from '../../src/placement/breakers/breakers.ts';
import { OPEN_GATES } from '../../src/placement/schedule.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });

test('a cordoned host gets no job until it is uncordoned', async () => {
  const store = await memoryStore({
    clock: systemClock,
    log,
    retention: 1e12,
  });
  const granted: unknown[] = [];
  const actors = {
    *placeholders() {},
    *held() {},
    slotsOn: () => new Set(),
    lastNumber: () => 0,
    snapshotOf: () => snapshotAt('queued'),
    *inQueue() {
      yield { key: '1', snapshot: snapshotAt('queued') };
    },
    send: (_: string, event: unknown) => granted.push(event),
  } as unknown as JobActors;
  const host = (name: string) => ({
    name,
    snapshot: { hasTag: (tag: string) => tag === 'acceptsJobs', context: { look: { slots: 1, vms: [] } } },
  });
  const hosts = { all: () => [host('mini-1'), host('mini-2')] } as never;
  const breakers = new Breakers({
    ...{
      policies: DEFAULT_BREAKER_POLICIES,
      clock: systemClock,
      log,
      scopeOf: (job) => runnerScopeOf('repository', job),
      onChange: () => dispatcher.requestScheduling(),
    },
  });
  const dispatcher = new Dispatcher({
    rollouts: NO_ROLLOUTS,
    breakers,
    gates: OPEN_GATES,
    actors,
    hosts,
    cordons: store.cordons,
    store,
    clock: systemClock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh' },
    warm: new Map(),
    profileFor: () => 'p',
  });
  const requestScheduling = async () => {
    dispatcher.requestScheduling();
    await Promise.resolve();
    return granted.splice(0);
  };
  const to = (name: string) => [expect.objectContaining({ type: 'slot.granted', host: name })];

  expect(await requestScheduling()).toEqual(to('mini-1'));
  store.cordons.put('mini-1', { by: 'ada', at: 1 });
  expect(await requestScheduling()).toEqual(to('mini-2'));
  store.cordons.put('mini-2', { by: 'ada', at: 1 });
  expect(await requestScheduling()).toEqual([]);
  store.cordons.put('mini-1', null);
  expect(await requestScheduling()).toEqual(to('mini-1'));
  await store.close();
});
