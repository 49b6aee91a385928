import { MemoryLevel } from 'memory-level';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobObservation } from '../../machines/job/observation.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { type Core, createCore } from '../../src/controller/create-core.ts';
import { Store } from '../../src/store/store.ts';
import { DAY, observation } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock } from '../support/manual-clock.ts';

const log = pino({ level: 'silent' });
const clock = new ManualClock();

let store: Store;
let core: Core;

beforeEach(async () => {
  const database = new MemoryLevel<string, string>();
  await database.open();
  store = await Store.over(database, { clock, log, retention: 30 * DAY });
  core = createCore({
    store,
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh-a' },
    effects: () => endlessEffects(),
    hosts: [],
    hostPolicy: { checkInterval: 1_000, lostAfter: 60_000 },
    profileFor: (labels) => (labels.includes('macos') ? 'macos' : null),
  });
});

afterEach(async () => {
  core.dispatcher.drain();
  core.stop();
  await store.close();
});

const late = (facts: Partial<JobObservation>) => {
  core.dispatcher.observe({ ...observation(1), ...facts });
  core.dispatcher.observe(observation(1));
};

test.each([
  ['taken', { status: 'in_progress', runnerName: 'theirs' }],
  ['cancelled', { status: 'completed', conclusion: 'cancelled' }],
  ['done', { status: 'completed', conclusion: 'success', runnerName: 'theirs' }],
] as const)(
  'a queued event that comes after the job was %s elsewhere starts nothing',
  async (outcome, facts) => {
    late(facts);
    expect(core.actors.size).toBe(0);
    await store.durable();
    expect(await store.settled.newest(9)).toMatchObject([
      { jobId: 1, outcome, attempts: 0, host: null, at: clock.now() },
    ]);
  },
);

test('a job that is served once more gets names beyond those that it had', async () => {
  core.dispatcher.observe({ ...observation(1), status: 'completed', conclusion: 'success' }, 0);
  store.settled.delete(1);
  core.dispatcher.observe(observation(1), 3);
  expect([...core.actors.all()].map(({ snapshot }) => snapshot.context.job.namesTaken)).toEqual([3]);
});

test.each([
  ['while nobody knows where it runs', { status: 'in_progress' }],
  ['on a runner of ours whose record was lost', { status: 'in_progress', runnerName: 'gh-a-1-1' }],
] as const)('a job in progress is not given up %s', (_how, facts) => {
  core.dispatcher.observe({ ...observation(1), ...facts });
  expect(store.settled.has(1)).toBe(false);
});
