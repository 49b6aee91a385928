import { expect, test } from 'vitest';
import { DAY } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('numbers of names', (the) => {
  test('law 2: are known at once, and survive a restart', async () => {
    const { store, clock } = the();
    expect(store.names.lastOf(7)).toBe(0);
    store.names.put(7, 100, clock.now());
    store.names.put(0, 1_790_000_000_099, clock.now());
    store.names.put(7, 200, clock.now());
    expect([7, 0, 70].map((id) => store.names.lastOf(id))).toEqual([200, 1_790_000_000_099, 0]);
    await the().reopen();
    expect([7, 0, 70].map((id) => the().store.names.lastOf(id))).toEqual([200, 1_790_000_000_099, 0]);
  });

  test('law 1: are stored together with what uses them', async () => {
    const { store, clock } = the();
    const batches = the().watchBatches();
    store.atomically(() => {
      store.names.put(7, 100, clock.now());
      store.noted.addOnce(7);
    });
    await store.durable();
    expect(batches.map(({ keys }) => keys.map((key) => key.split('!')[1]).sort())).toEqual([
      ['names', 'noted'],
    ]);
  });

  test('are removed when their last reservation is too old', async () => {
    const { store, clock } = the();
    store.names.put(1, 100, clock.now());
    store.names.put(2, 100, clock.now());
    clock.advance(20 * DAY);
    store.names.put(2, 200, clock.now());
    clock.advance(11 * DAY);
    expect(await store.prune(clock.now())).toBe(1);
    expect([1, 2].map((id) => store.names.lastOf(id))).toEqual([0, 200]);
    await the().reopen();
    expect([1, 2].map((id) => the().store.names.lastOf(id))).toEqual([0, 200]);
  });

  test.each([
    ['that is not JSON', '{"torn'],
    ['beyond the digits of a name', JSON.stringify({ at: 1, last: 1_000_000_000 })],
    ['below zero', JSON.stringify({ at: 1, last: -1 })],
  ])(
    'law 2: are never given again when their row is one %s, and those of other jobs stay',
    async (_what, raw) => {
      const { store, clock, database } = the();
      for (const id of [0, 1, 2]) store.names.put(id, id === 0 ? clock.now() - 1 : 100, clock.now());
      await store.durable();
      const last = (id: number) => the().store.names.lastOf(id);
      for (const id of [0, 1]) await database.sublevel('names').put(`${id}`.padStart(16, '0'), raw);
      await the().reopen();
      // VMs without a job have instants as the numbers in their names, which are longer.
      expect(last(0)).toBe(raw.includes('1000000000') ? 1_000_000_000 : clock.now());
      expect(last(1)).toBeGreaterThan(1_000_000);
      expect(last(1)).toBeLessThan(999_999_999);
      expect(last(2)).toBe(100);
      const before = last(1);
      await the().store.durable();
      clock.advance(DAY);
      await database.sublevel('names').put('1'.padStart(16, '0'), raw);
      await the().reopen();
      expect(last(1)).toBeGreaterThan(before);
    },
  );
});
