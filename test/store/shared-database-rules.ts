import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { Operation } from '../../src/store/engine.ts';
import { batchStatement } from '../../src/store/postgres/batch-statement.ts';
import { LEASE_SQL } from '../../src/store/postgres/lease.ts';
import type { Row } from '../../src/store/postgres/writer.ts';
import type { AboutController } from '../../src/store/shared/controller-rows.ts';
import type { SharedDatabase } from '../../src/store/shared/shared-database.ts';
import { FORMAT } from '../../src/store/store-format.ts';
import { observation } from './records.ts';

/** A database for one test: a real one, or the simulated one. */
export interface DatabaseOfTest {
  readonly clock: Clock;
  /** Opens it as one process does. */
  open(): Promise<SharedDatabase>;
  /** Does one statement. */
  ask(text: string, values: unknown[]): Promise<Row[]>;
  /** Begins a statement and keeps it under way until the function that it returns is called. */
  hold(text: string, values: unknown[]): Promise<() => Promise<void>>;
  /** Resolves when one statement waits for another one. */
  untilOneWaits(): Promise<void>;
  endLease(): Promise<void>;
  /** Lets time pass until the work is done. */
  finish<T>(work: Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

const LENGTH = 8_000;

const put = (key: string, value: unknown = key): Operation => ({
  type: 'put',
  table: 'noted',
  key,
  value: JSON.stringify(value),
});

/**
 * What the daemon relies on in the database that several controllers share. Real servers and the simulated database
 * have to pass the same tests, so that the simulation is not kinder than a server.
 */
export function sharedDatabaseRules(make: () => Promise<DatabaseOfTest>): void {
  let place: DatabaseOfTest;
  let one: SharedDatabase;
  let other: SharedDatabase;
  beforeEach(async () => {
    place = await make();
    [one, other] = [await place.open(), await place.open()];
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    await place.remove();
  });

  const onLost = vi.fn();
  beforeEach(() => void onLost.mockClear());
  const take = async (from: SharedDatabase, length = LENGTH) => {
    const engine = await from.take({ holder: 'mini', length, clock: place.clock, onLost });
    if (!engine) throw new Error('it was not taken');
    return engine;
  };
  const isTaken = async (from: SharedDatabase) =>
    (await from.take({ holder: 'air', length: LENGTH, clock: place.clock, onLost })) !== null;
  const keys = async () => {
    const found: string[] = [];
    for await (const key of other.reader.keys('noted', {})) found.push(key);
    return found;
  };

  test('a lease is taken by one, until it ends or is released', async () => {
    const engine = await take(one);
    expect(await other.lookAtLease()).toMatchObject({ holder: 'mini', epoch: engine.epoch, isHeld: true });
    expect(await isTaken(other)).toBe(false);
    await engine.close();
    expect(await other.lookAtLease()).toMatchObject({ isHeld: false, format: FORMAT });
    const second = await take(other);
    expect(second.epoch).toBeGreaterThan(engine.epoch);
    await second.close();
  });

  test('of two that take the lease at once one has it', async () => {
    const both = [one, other].map((from) =>
      from.take({ holder: 'mini', length: LENGTH, clock: place.clock, onLost }),
    );
    const engines = (await place.finish(Promise.all(both))).filter((engine) => engine !== null);
    expect(engines).toHaveLength(1);
    for (const engine of engines) await engine.close();
  });

  test('the first epoch is that of the clock of the database, in seconds since 2026', async () => {
    const engine = await take(one);
    const now = place.clock.now() + (await one.aheadOf(place.clock));
    expect(Math.abs(engine.epoch - (now - Date.UTC(2026, 0, 1)) / 1000)).toBeLessThan(60);
    await engine.close();
  });

  test('a lease that a newer format had is not taken by an older one', async () => {
    expect(await place.ask(LEASE_SQL.take, ['newer', 0, FORMAT + 1])).toHaveLength(1);
    expect(await isTaken(one)).toBe(false);
    expect(await one.lookAtLease()).toMatchObject({ isHeld: false, format: FORMAT + 1 });
  });

  test('a renewal makes the lease last longer, and that of an earlier epoch changes nothing', async () => {
    const engine = await take(one, 60_000);
    const before = (await one.lookAtLease())?.ends;
    expect(await place.ask(LEASE_SQL.renew, [engine.epoch, 90_000])).toHaveLength(1);
    const after = (await one.lookAtLease())?.ends;
    expect(after).not.toBe(before);
    expect(await place.ask(LEASE_SQL.renew, [engine.epoch - 1, 90_000])).toEqual([]);
    await place.ask(LEASE_SQL.release, [engine.epoch - 1]);
    expect(await one.lookAtLease()).toMatchObject({ ends: after, isHeld: true });
    await engine.close();
  });

  test('the epoch is confirmed until another one took over', async () => {
    const engine = await take(one);
    expect(await engine.lease.confirm()).toBe(true);
    await place.endLease();
    const second = await take(other);
    expect(await engine.lease.confirm()).toBe(false);
    expect(onLost.mock.calls).toEqual([['taken']]);
    await second.close();
  });

  test('a batch of an earlier epoch is refused whole', async () => {
    const engine = await take(one);
    await engine.write([put('a')]);
    await place.endLease();
    const second = await take(other);
    const late = engine.write([put('b'), { type: 'del', table: 'noted', key: 'a' }]);
    await expect(place.finish(late)).rejects.toThrow('taken over');
    await second.write([put('c')]);
    expect(await keys()).toEqual(['a', 'c']);
    await second.close();
  });

  test('a batch with the number of an earlier one, or of the last one, is refused', async () => {
    const engine = await take(one);
    await engine.write([put('a', 'new')]);
    await engine.write([put('a', 'newest')]);
    for (const number of [1, 2]) {
      const late = batchStatement(engine.epoch, number, [put('a', 'old'), put('b', 'old')]);
      expect(await place.ask(late.text, late.values)).toMatchObject([{ held: false }]);
    }
    expect(await other.reader.getMany('noted', ['a', 'b'])).toEqual(['"newest"', undefined]);
    await engine.close();
  });

  test('a take-over waits for the batch under way', async () => {
    const engine = await take(one);
    const batch = batchStatement(engine.epoch, 1, [put('a'), put('b')]);
    const commit = await place.hold(batch.text, batch.values);
    await place.endLease();
    let isDone = false;
    const taking = take(other).finally(() => {
      isDone = true;
    });
    await place.untilOneWaits();
    expect({ isDone, keys: await keys() }).toEqual({ isDone: false, keys: [] });
    await commit();
    const second = await place.finish(taking);
    expect(await keys()).toEqual(['a', 'b']);
    await expect(place.finish(engine.write([put('c')]))).rejects.toThrow('taken over');
    await second.close();
  });

  test('a renewal does not wait for the batch under way, and neither does a look at the epoch', async () => {
    const engine = await take(one);
    const batch = batchStatement(engine.epoch, 1, [put('a')]);
    const commit = await place.hold(batch.text, batch.values);
    expect(await place.ask(LEASE_SQL.renew, [engine.epoch, LENGTH])).toHaveLength(1);
    expect(await place.ask(LEASE_SQL.confirm, [engine.epoch])).toHaveLength(1);
    await commit();
    await engine.close();
  });

  test('a deletion does not find the rows of a batch that was under way when it began', async () => {
    const engine = await take(one);
    await engine.write([put('old')]);
    const first = batchStatement(engine.epoch, 2, [put('old', 'changed'), put('new')]);
    const commit = await place.hold(first.text, first.values);
    const deletions = ['old', 'new'].map((key): Operation => ({ type: 'del', table: 'noted', key }));
    const second = batchStatement(engine.epoch, 3, [...deletions, put('last')]);
    const deleting = place.ask(second.text, second.values);
    await place.untilOneWaits();
    await commit();
    expect(await place.finish(deleting)).toMatchObject([{ held: true }]);
    expect(await keys()).toEqual(['last', 'new']);
    await engine.close();
  });

  test('rows are read in the order of their keys, between bounds, from either end', async () => {
    const engine = await take(one);
    const names = Array.from({ length: 40 }, (_, n) => `${n < 20 ? 'A' : 'a'}-${String(n).padStart(2, '0')}`);
    await engine.write([...names].reverse().map((key) => put(key)));
    const read = async (range: object) => {
      const found: string[] = [];
      for await (const [key, value] of other.reader.rows('noted', range)) {
        expect(value).toBe(JSON.stringify(key));
        found.push(key);
      }
      return found;
    };
    expect(await read({})).toEqual(names);
    expect(await read({ reverse: true, limit: 35 })).toEqual([...names].reverse().slice(0, 35));
    expect(await read({ gt: 'A-03', lt: 'A-07' })).toEqual(['A-04', 'A-05', 'A-06']);
    expect(await read({ gt: 'A-035', lt: 'A-07', reverse: true, limit: 2 })).toEqual(['A-06', 'A-05']);
    expect(await read({ gt: 'z' })).toEqual([]);
    await engine.close();
  });

  test('a delivery is kept once, and not when the active controller has it', async () => {
    const delivery = { at: 1, observation: observation(7), hook: null };
    expect(await one.inbox.keep('a', delivery)).toBe('stored');
    expect(await other.inbox.keep('a', delivery)).toBe('known');
    const engine = await take(one);
    await engine.write([
      { type: 'put', table: 'deliveries', key: 'b', value: '{}' },
      { type: 'del', table: 'inbox', key: 'a' },
    ]);
    expect(await other.inbox.keep('b', delivery)).toBe('known');
    expect(await other.inboxDepth()).toBe(0);
    expect(await other.inbox.keep('c', delivery)).toBe('stored');
    expect(await one.inboxDepth()).toBe(1);
    await engine.close();
  });

  test('an order is taken once, by the controller that has the epoch', async () => {
    const engine = await take(one);
    const id = await other.orders.give('ada', '/api/pause');
    expect(await other.orders.answerOf(id)).toBe('given');
    expect(await one.orders.take(engine.epoch - 1)).toEqual([]);
    expect(await one.orders.take(engine.epoch)).toEqual([{ id, giver: 'ada', path: '/api/pause' }]);
    expect(await other.orders.answerOf(id)).toBe('taken');
    expect(await one.orders.take(engine.epoch)).toEqual([]);
    await one.orders.answer(id, { status: 409, body: { message: 'no' } });
    expect(await other.orders.answerOf(id)).toEqual({ status: 409, body: { message: 'no' } });
    await engine.close();
  });

  test('what is shown is that of the controller that has the epoch', async () => {
    expect(await other.shown.get()).toBeNull();
    const engine = await take(one);
    await one.shown.put(engine.epoch, '{"a":1}');
    await one.shown.put(engine.epoch - 1, '{"a":2}');
    expect(await other.shown.get()).toMatchObject({ text: '{"a":1}', age: expect.any(Number) });
    await engine.close();
  });

  test('controllers are listed with their role, the active one first', async () => {
    const about: AboutController = {
      ...{ name: 'mini', version: '1', digest: 'd', adminUrl: 'http://x', refusal: null },
      ...{ hosts: ['mac-1'], labels: ['mac'] },
    };
    await one.controllers.put('b', about, 'standby', null);
    await one.controllers.put('c', about, 'standby', null);
    await other.controllers.put('a', about, 'active', 7);
    const since = async () => (await one.controllers.all()).map((each) => each.since);
    const before = await since();
    await other.controllers.put('a', about, 'active', 7);
    expect(await since()).toEqual(before);
    expect(await one.controllers.all()).toMatchObject([
      { id: 'a', ...about, role: 'active', epoch: 7 },
      { id: 'b', role: 'standby', epoch: null },
      { id: 'c', role: 'standby' },
    ]);
    await one.controllers.remove('a');
    expect((await one.controllers.all()).map(({ id }) => id)).toEqual(['b', 'c']);
  });
}
