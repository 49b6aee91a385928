import { expect, test } from 'vitest';
import { DAY } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('numbers of names', (the) => {
  test('law 2: are known at once, and outlive a restart', async () => {
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

  test('are forgotten by their age, which begins anew with each reservation', async () => {
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

  test('law 14: one that is damaged keeps the store from nothing', async () => {
    the().store.names.put(1, 100, the().clock.now());
    the().store.names.put(2, 100, the().clock.now());
    await the().damage('names', '0000000000000001');
    await the().reopen();
    expect([1, 2].map((id) => the().store.names.lastOf(id))).toEqual([0, 100]);
  });
});
