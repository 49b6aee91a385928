import { expect, test } from 'vitest';
import { settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('settled jobs', (the) => {
  test('are known at once and after a restart', async () => {
    the().store.settled.put(settledJob(5));
    expect(the().store.settled.has(5)).toBe(true);
    await the().reopen();
    expect([5, 50].map((id) => the().store.settled.has(id))).toEqual([true, false]);
  });

  test('come newest first, whatever their numbers', async () => {
    const { store, clock } = the();
    const at = clock.now();
    store.settled.put(settledJob(9, { at }));
    store.settled.put(settledJob(3, { at: at + 1 }));
    store.settled.put(settledJob(6, { at: at + 2 }));
    store.settled.put(settledJob(9, { at: at + 3, outcome: 'done', cause: null }));
    await store.durable();
    const newest = async (limit: number) =>
      (await the().store.settled.newest(limit)).map(({ jobId }) => jobId);
    expect(await newest(2)).toEqual([9, 6]);
    await the().reopen();
    expect(await newest(2)).toEqual([9, 6]);
    expect(await newest(0)).toEqual([]);
  });

  test('whose outcome is damaged are still not started again, and that is reported', async () => {
    the().store.settled.put(settledJob(5));
    await the().damage('settled', '0000000000000005');
    await the().reopen();
    expect(the().store.settled.has(5)).toBe(true);
    expect(await the().store.settled.newest(5)).toEqual([]);
    expect(await the().store.settled.get(5)).toBeNull();
    expect(the().logged).toEqual([expect.stringMatching(/table settled, .*That job is over/)]);
  });
});

describeStore('jobs that match nothing', (the) => {
  test('are noted once, also across a restart', async () => {
    const { store } = the();
    expect([store.noted.addOnce(7), store.noted.addOnce(7), store.noted.addOnce('octo/app')]).toEqual([
      true,
      false,
      true,
    ]);
    await the().reopen();
    expect([the().store.noted.addOnce(7), the().store.noted.addOnce(8)]).toEqual([false, true]);
  });
});
