import { MemoryLevel } from 'memory-level';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICY } from '../../machines/breaker.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { createJobMachine } from '../../machines/job.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { Hosts } from '../../src/hosts/hosts.ts';
import { JobActors } from '../../src/jobs/job-actors.ts';
import { Chronicle } from '../../src/journal/chronicle.ts';
import { Breakers } from '../../src/placement/breakers.ts';
import { Store } from '../../src/store/store.ts';
import { ManualClock } from '../store/manual-clock.ts';
import { DAY, observation } from '../store/records.ts';

const log = pino({ level: 'silent' });
const clock = new ManualClock();

let store: Store;
let actors: JobActors;
let dispatcher: Dispatcher;

beforeEach(async () => {
  const database = new MemoryLevel<string, string>();
  await database.open();
  store = await Store.over(database, { clock, log, retention: 30 * DAY });
  const machine = createJobMachine({ policy: DEFAULT_POLICY, now: () => clock.now() });
  const chronicle = new Chronicle(store);
  actors = new JobActors({ machine, store, chronicle, clock, log, onTransition: () => undefined });
  const hosts = new Hosts({
    hosts: [],
    policy: { checkInterval: 1_000, lostAfter: 60_000 },
    clock,
    log,
    onChange: () => undefined,
  });
  const profileFor = (labels: string[]) => (labels.includes('macos') ? 'macos' : null);
  const breakers = new Breakers({
    ...{ policy: DEFAULT_BREAKER_POLICY, clock, log, onChange: () => dispatcher.poke() },
  });
  dispatcher = new Dispatcher({
    breakers,
    actors,
    hosts,
    store,
    clock,
    log,
    namePrefix: 'gh-a',
    warm: new Map(),
    profileFor,
  });
});

afterEach(async () => {
  dispatcher.drain();
  actors.stop();
  await store.close();
});

const late = (facts: Partial<JobObservation>) => {
  dispatcher.observe({ ...observation(1), ...facts });
  dispatcher.observe(observation(1));
};

test.each([
  ['taken', { status: 'in_progress', runnerName: 'theirs' }],
  ['cancelled', { status: 'completed', conclusion: 'cancelled' }],
  ['done', { status: 'completed', conclusion: 'success', runnerName: 'theirs' }],
] as const)(
  'a queued event that comes after the job was %s elsewhere starts nothing',
  async (outcome, facts) => {
    late(facts);
    expect(actors.size).toBe(0);
    await store.durable();
    expect(await store.settledJobs({ limit: 9 })).toMatchObject([
      { jobId: 1, outcome, attempts: 0, host: null, at: clock.now() },
    ]);
  },
);

test('a job that is served once more gets names beyond those that it had', async () => {
  dispatcher.observe({ ...observation(1), status: 'completed', conclusion: 'success' }, 0);
  store.unsettleJob(1);
  dispatcher.observe(observation(1), 3);
  expect([...actors.all()].map(({ snapshot }) => snapshot.context.job.namesTaken)).toEqual([3]);
});

test.each([
  ['while nobody knows where it runs', { status: 'in_progress' }],
  ['on a runner of ours whose record was lost', { status: 'in_progress', runnerName: 'gh-a-1-1' }],
] as const)('a job in progress is not given up %s', (_how, facts) => {
  dispatcher.observe({ ...observation(1), ...facts });
  expect(store.isSettled(1)).toBe(false);
});
