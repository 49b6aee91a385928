import { expect, test } from 'vitest';
import { DAY } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('numbers of names', (the, { holdsAnyText }) => {
  test('law 2: are known at once, and survive a restart', async () => {
    const { store, clock } = the();
    const begins = the().epoch;
    expect(store.names.lastOf(7)).toBe(begins);
    store.names.put(7, begins + 100, clock.now());
    store.names.put(0, 1_790_000_000_099, clock.now());
    store.names.put(7, begins + 200, clock.now());
    const lasts = () => [7, 0, 70].map((id) => the().store.names.lastOf(id));
    expect(lasts()).toEqual([begins + 200, 1_790_000_000_099, begins]);
    await the().reopen();
    expect(lasts()).toEqual([begins + 200, 1_790_000_000_099, the().epoch]);
  });

  test('law 1: are stored together with what uses them', async () => {
    const { store, clock } = the();
    const batches = the().watchBatches();
    store.atomically(() => {
      store.names.put(7, 100, clock.now());
      store.noted.addOnce(7);
    });
    await store.durable();
    expect(batches.map(({ keys }) => keys.map((key) => key.split(' ')[0]).sort())).toEqual([
      ['names', 'noted'],
    ]);
  });

  test('are removed when their last reservation is too old', async () => {
    const { store, clock } = the();
    const begins = the().epoch;
    store.names.put(1, begins + 100, clock.now());
    store.names.put(2, begins + 100, clock.now());
    clock.advance(20 * DAY);
    store.names.put(2, begins + 200, clock.now());
    clock.advance(11 * DAY);
    expect(await store.prune(clock.now())).toBe(1);
    const lasts = () => [1, 2].map((id) => the().store.names.lastOf(id));
    expect(lasts()).toEqual([begins, begins + 200]);
    await the().reopen();
    expect(lasts()).toEqual([the().epoch, begins + 200]);
  });

  test.each([
    ['that is no object', '["torn"]'],
    ...(holdsAnyText ? [['that is not JSON', '{"torn']] : []),
    ['beyond the digits of a name', JSON.stringify({ at: 1, last: 1_000_000_000 })],
    ['below zero', JSON.stringify({ at: 1, last: -1 })],
  ])(
    'law 2: are never given again when their row is one %s, and those of other jobs stay',
    async (_what, raw) => {
      const { store, clock } = the();
      const begins = the().epoch;
      for (const id of [0, 1, 2]) store.names.put(id, id === 0 ? clock.now() - 1 : begins + 100, clock.now());
      await store.durable();
      const last = (id: number) => the().store.names.lastOf(id);
      for (const id of [0, 1]) await the().putText('names', `${id}`.padStart(16, '0'), raw);
      await the().reopen();
      // VMs without a job have instants as the numbers in their names, which are longer. The clock may have been
      // set back since such a name was made.
      expect(last(0)).toBe(raw.includes('1000000000') ? 1_000_000_000 : clock.now() + 365 * DAY);
      expect(last(1)).toBeGreaterThan(1_000_000);
      expect(last(1)).toBeLessThan(999_999_999);
      expect(last(2)).toBe(begins + 100);
      const before = last(1);
      await the().store.durable();
      clock.advance(DAY);
      await the().putText('names', '1'.padStart(16, '0'), raw);
      await the().reopen();
      expect(last(1)).toBeGreaterThan(before);
    },
  );
});
