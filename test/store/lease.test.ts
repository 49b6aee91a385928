import { expect, test, vi } from 'vitest';
import type { Connections } from '../../src/store/postgres/connections.ts';
import { Lease } from '../../src/store/postgres/lease.ts';
import type { Row } from '../../src/store/postgres/writer.ts';
import { ManualClock } from '../support/manual-clock.ts';

const LENGTH = 8_000;

/** A fake database: the test decides the result of each statement, and counts the statements. */
function database() {
  const answers = {
    lease: (): Promise<Row[]> => Promise.resolve([{ epoch: 7 }]),
    confirm: (): Promise<Row[]> => Promise.resolve([{}]),
  };
  const asked = { lease: 0, confirm: 0 };
  const connections = {
    lease: () => {
      asked.lease += 1;
      return answers.lease();
    },
    confirm: () => {
      asked.confirm += 1;
      return answers.confirm();
    },
  } as unknown as Connections;
  return { answers, asked, connections };
}

async function taken() {
  const clock = new ManualClock();
  const onLost = vi.fn();
  const { answers, asked, connections } = database();
  const lease = await Lease.take(connections, { holder: 'mini', length: LENGTH, clock, onLost });
  if (!lease) throw new Error('it was not taken');
  return { lease, clock, onLost, answers, asked };
}

const away = () => Promise.reject(new Error('the database is away'));

test('a lease is renewed several times within its length, and goes on', async () => {
  const { lease, clock, onLost, asked } = await taken();
  for (let second = 0; second < 60; second += 1) await clock.pass(1_000);
  expect(lease.isHeld()).toBe(true);
  expect(asked.lease).toBeGreaterThan(60_000 / (LENGTH / 3));
  expect(onLost).not.toHaveBeenCalled();
  await lease.release();
});

test('a lease that cannot be renewed ends for its holder before it ends in the database, counted from before its last renewal was sent', async () => {
  const { lease, clock, onLost, answers } = await taken();
  answers.lease = away;
  await clock.pass(LENGTH * 0.85);
  expect(lease.isHeld()).toBe(true);
  await clock.pass(LENGTH * 0.1);
  expect(lease.isHeld()).toBe(false);
  expect(onLost.mock.calls).toEqual([['notRenewed']]);
});

test('a renewal that hangs does not keep the lease', async () => {
  const { lease, clock, onLost, answers } = await taken();
  answers.lease = () => new Promise(() => undefined);
  await clock.pass(LENGTH);
  expect(lease.isHeld()).toBe(false);
  expect(onLost.mock.calls).toEqual([['notRenewed']]);
});

test('a short outage does not end a lease', async () => {
  const { lease, clock, onLost, answers } = await taken();
  answers.lease = away;
  for (let n = 0; n < 12; n += 1) await clock.pass(LENGTH / 20);
  answers.lease = () => Promise.resolve([{ epoch: 7 }]);
  for (let n = 0; n < 60; n += 1) await clock.pass(LENGTH / 20);
  expect(lease.isHeld()).toBe(true);
  expect(onLost).not.toHaveBeenCalled();
  await lease.release();
});

test('a lease whose machine slept has ended, although the clock of the process stood still', async () => {
  const { lease, clock } = await taken();
  clock.systemAheadBy = () => LENGTH;
  expect(lease.isHeld()).toBe(false);
});

test('a lease that another daemon has taken is lost at the next renewal, and once', async () => {
  const { lease, clock, onLost, answers } = await taken();
  answers.lease = () => Promise.resolve([]);
  await clock.pass(LENGTH / 3);
  lease.lose('taken');
  expect(lease.isHeld()).toBe(false);
  expect(onLost.mock.calls).toEqual([['taken']]);
});

test('the epoch is confirmed by the database, as long as the lease lasts', async () => {
  const { lease, clock, onLost, answers, asked } = await taken();
  expect(await lease.confirm()).toBe(true);
  expect(asked.confirm).toBe(1);
  answers.confirm = away;
  const asking = lease.confirm();
  await clock.pass(1_000);
  answers.confirm = () => Promise.resolve([{}]);
  await clock.pass(200);
  expect(await asking).toBe(true);
  answers.confirm = () => Promise.resolve([]);
  expect(await lease.confirm()).toBe(false);
  expect(onLost.mock.calls).toEqual([['taken']]);
});

test('a question for the epoch ends with its request', async () => {
  const { lease, clock, answers } = await taken();
  answers.confirm = away;
  const stop = new AbortController();
  const asking = lease.confirm(stop.signal);
  stop.abort(new Error('the request was given up'));
  await Promise.all([expect(asking).rejects.toThrow('given up'), clock.pass(200)]);
  await lease.release();
});
