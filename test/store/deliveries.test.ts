import { expect, test, vi } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { observation } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('deliveries', (the) => {
  test('are known the second time, also after a restart and when they are handled', async () => {
    expect(await the().store.deliveries.remember('d1', () => observation(1))).toBe('stored');
    expect(await the().store.deliveries.remember('d1', () => observation(1))).toBe('known');
    the().store.deliveries.markHandled('d1');
    await the().reopen();
    expect(await the().store.deliveries.remember('d1', () => observation(1))).toBe('known');
  });

  test('that come twice at once are stored once, and both copies wait for the disk', async () => {
    const { store, clock } = the();
    const batches = the().watchBatches({ refuse: 'no space left' });
    const answered = vi.fn();
    const copies = [1, 2].map(() => store.deliveries.remember('d1', () => observation(1)).then(answered));
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    expect(answered).not.toHaveBeenCalled();
    clock.advance(100);
    await Promise.all(copies);
    expect(answered.mock.calls).toEqual([['stored'], ['known']]);
    expect(batches).toHaveLength(2);
  });

  test('are pending in the order of arrival until they are handled, across restarts', async () => {
    for (const id of ['z', 'm', 'a']) await the().store.deliveries.remember(id, () => observation(1));
    await the().store.deliveries.remember('ping', () => null);
    the().store.deliveries.markHandled('m');
    await the().reopen();
    await the().store.deliveries.remember('0', () => observation(2));
    const pending = await the().store.deliveries.pending();
    expect(pending.map(({ id }) => id)).toEqual(['z', 'a', '0']);
    expect(pending[0]?.observation).toEqual(observation(1));
  });

  test('that come at once are handled in the order of their arrival, with few reads', async () => {
    const { store } = the();
    await store.deliveries.remember('5', () => null);
    const acted: number[] = [];
    const arriving = Array.from({ length: 200 }, (_, n) =>
      store.deliveries.remember(String(n), () => {
        acted.push(n);
        return null;
      }),
    );
    const outcomes = await Promise.all(arriving);
    expect(acted).toEqual(Array.from({ length: 200 }, (_, n) => n).filter((n) => n !== 5));
    expect(outcomes.map((outcome, n) => (outcome === 'known' ? n : -1)).filter((n) => n >= 0)).toEqual([5]);
    expect(store.counts().deliveries).toBe(200);
  });

  test('that a closing store refused are refused in every copy', async () => {
    const { store } = the();
    const closed = store.close();
    for (const _copy of [1, 2]) {
      await expect(store.deliveries.remember('d1', () => observation(1))).rejects.toThrow(StoreError);
    }
    await closed;
  });

  test('that are damaged stay known, are reported, and hide no other', async () => {
    await the().store.deliveries.remember('d1', () => observation(1));
    await the().store.deliveries.remember('d2', () => observation(2));
    await the().damage('deliveries', 'd1');
    await the().reopen();
    expect(await the().store.deliveries.remember('d1', () => observation(1))).toBe('known');
    expect((await the().store.deliveries.pending()).map(({ id }) => id)).toEqual(['d2']);
    expect(the().logged).toEqual([
      expect.stringMatching(/deliveries, key d1\): .* The next poll finds what it said\.$/),
    ]);
  });
});
