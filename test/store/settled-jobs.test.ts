import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
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

  test.each([
    [
      'was given up by an earlier version',
      { outcome: 'failed', cause: failure('VM_CREATE_FAILED', 'no') },
      0,
    ],
    ['was shown nowhere', { outcome: 'done', conclusion: null, cause: null }, 0],
    ['has ended', { outcome: 'done', conclusion: 'success', cause: null }, null],
    ['was cancelled here', { outcome: 'failed', cause: failure('OPERATOR_CANCELLED', 'no') }, null],
  ] as const)(
    'say whether GitHub may still have one queued: one that %s',
    async (_which, facts, expected) => {
      the().store.settled.put(settledJob(7, facts));
      expect(the().store.settled.endUntold(7)).toBe(expected);
      await the().store.durable();
      await the().reopen();
      expect(the().store.settled.endUntold(7)).toBe(expected);
    },
  );

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
