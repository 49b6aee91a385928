import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobObservation } from '../../machines/job/observation.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { type Core, createCore } from '../../src/controller/create-core.ts';
import { reserveNumbers } from '../../src/jobs/reserve-numbers.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { DAY, observation } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const clock = new ManualClock();

let store: Store;
let core: Core;

beforeEach(async () => {
  const database = memoryDatabase();
  await database.open();
  store = await memoryStore({ clock, log, retention: 30 * DAY }, database);
  core = createCore({
    store,
    journal: new JournalWriter(store.journal),
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
  ['taken', 'notOurs', { status: 'in_progress', runnerName: 'theirs' }],
  ['cancelled', 'cancelled', { status: 'completed', conclusion: 'cancelled' }],
  ['done', 'notOurs', { status: 'completed', conclusion: 'success', runnerName: 'theirs' }],
] as const)(
  'a queued event that comes after the job was %s elsewhere starts nothing',
  async (_which, outcome, facts) => {
    late(facts);
    expect(core.actors.size).toBe(0);
    await store.durable();
    expect(await store.settled.newest(9)).toMatchObject([
      { jobId: 1, outcome, attempts: 0, host: null, at: clock.now() },
    ]);
  },
);

test('a job that is served again gets names with numbers above its earlier ones', async () => {
  core.dispatcher.observe({ ...observation(1), status: 'completed', conclusion: 'success' });
  core.dispatcher.serveAgain(1, 3);
  core.dispatcher.observe(observation(1));
  expect(core.actors.holderOfJob(1)?.job.attempt).toBe(0);
  expect(reserveNumbers({ ...core, store, clock }, 1)).toEqual({ first: 4, last: 103 });
});

test('law 11: a job that GitHub did not find for a moment is served when a poll finds it queued', async () => {
  core.dispatcher.observe(observation(1));
  // What a single 404 leads to: the job is over, with an unknown conclusion.
  core.dispatcher.observe({ ...observation(1), source: 'recheck', status: 'completed', conclusion: null });
  expect(core.actors.holderOfJob(1)).toBeNull();
  core.dispatcher.observe({ ...observation(1), source: 'webhook' });
  expect(core.actors.holderOfJob(1)).toBeNull();
  core.dispatcher.observe({ ...observation(1), source: 'poll' });
  expect(core.actors.holderOfJob(1)).not.toBeNull();
});

test('law 2: a number is never reserved twice, whether the store or only a live actor knows it', async () => {
  const first = reserveNumbers({ ...core, store, clock }, 1);
  expect(first).toEqual({ first: 1, last: 100 });
  expect(reserveNumbers({ ...core, store, clock }, 1)).toEqual({ first: 101, last: 200 });
  await store.durable();
  core.dispatcher.observe(observation(2));
  core.actors.send('2', { type: 'slot.granted', host: 'mac', numbers: { first: 500, last: 599 } });
  expect(reserveNumbers({ ...core, store, clock }, 2).first).toBe(600);
  expect(reserveNumbers({ ...core, store, clock }, 0, clock.now() - 1).first).toBe(clock.now());
});

test.each([
  ['while it is unknown where it runs', { status: 'in_progress' }],
  ['on a runner of ours whose record was lost', { status: 'in_progress', runnerName: 'gh-a-1-1' }],
] as const)('a job in progress is not settled %s', (_how, facts) => {
  core.dispatcher.observe({ ...observation(1), ...facts });
  expect(store.settled.has(1)).toBe(false);
});
