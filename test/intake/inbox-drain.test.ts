import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { InboxDrain } from '../../src/intake/webhooks/inbox-drain.ts';
import { DAY, observation } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const hook = { kind: 'app' } as const;

/** A store whose inbox has deliveries that a standby took: the number of each is its job's. */
async function withInbox(...jobs: number[]) {
  const log = pino({ level: 'silent' });
  const clock = new ManualClock();
  const database = memoryDatabase();
  const put = (n: number) =>
    database
      .sublevel('inbox')
      .put(`d${n}`, JSON.stringify({ at: 1_000 - n, observation: observation(n), hook }));
  const store = await memoryStore({ clock, log, retention: DAY }, database);
  for (const n of jobs) await put(n);
  const onNew = vi.fn();
  const onStored = vi.fn();
  let takesJobs = true;
  const drain = new InboxDrain({
    ...{ store, clock, log, onNew, onStored },
    every: 500,
    takesJobs: () => takesJobs,
  });
  return {
    ...{ store, clock, put, drain, onNew, onStored },
    handled: () => onNew.mock.calls.map(([seen]) => seen.jobId),
    stopTaking: () => {
      takesJobs = false;
    },
  };
}

test('law 6: what a standby took is handled once, in the order of its arrival, and leaves the inbox', async () => {
  const { store, drain, handled, onStored } = await withInbox(1, 2, 3);
  drain.start();
  await vi.waitFor(() => expect(onStored).toHaveBeenCalledTimes(3));
  expect(handled()).toEqual([3, 2, 1]);
  expect(onStored.mock.calls[0]).toEqual([observation(3), hook]);
  expect(await store.inbox.read()).toEqual([]);
  expect(await store.deliveries.remember('d1', () => null)).toBe('known');
  drain.stop();
  await store.close();
});

test('a delivery that came here, too, is handled once', async () => {
  const { store, drain, handled } = await withInbox(1);
  await store.deliveries.remember('d1', () => null);
  drain.start();
  await vi.waitFor(async () => expect(await store.inbox.read()).toEqual([]));
  expect(handled()).toEqual([]);
  drain.stop();
  await store.close();
});

test('deliveries that come later are found at the next look', async () => {
  const { store, drain, clock, put, handled } = await withInbox();
  drain.start();
  await clock.pass(100);
  await put(7);
  await clock.pass(500);
  await vi.waitFor(() => expect(handled()).toEqual([7]));
  drain.stop();
  await store.close();
});

test('while no jobs are taken, a delivery is kept for the next active part', async () => {
  const { store, drain, handled, stopTaking } = await withInbox(1);
  stopTaking();
  drain.start();
  await vi.waitFor(async () => expect(await store.inbox.read()).toEqual([]));
  expect(handled()).toEqual([]);
  expect(await store.deliveries.pending()).toEqual([{ id: 'd1', observation: observation(1) }]);
  drain.stop();
  await store.close();
});
