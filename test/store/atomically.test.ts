import { expect, test, vi } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { actorRecord, journalEntry, observation, settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('a transaction', (the) => {
  test('is one batch, with the writes of a nested one and with calls of durable in between', async () => {
    const { store } = the();
    const batches = the().watchBatches();
    const key = store.atomically(() => {
      store.actors.put('1', actorRecord());
      void store.durable();
      store.atomically(() => {
        store.actors.put('2', actorRecord());
        store.settled.put(settledJob(3));
      });
      store.journal.append(journalEntry({ jobId: 0 }));
      return '1';
    });
    expect(key).toBe('1');
    await store.durable();
    expect(batches.map(({ keys }) => keys)).toEqual([
      ['actors 1', 'actors 2', 'settled 0000000000000003', 'journal 0000000000000001'],
    ]);
  });

  test('that runs during another write is completely in the next batch', async () => {
    const { store } = the();
    const batches = the().watchBatches();
    store.actors.put('1', actorRecord());
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    store.atomically(() => {
      store.actors.put('2', actorRecord());
      store.actors.put('3', actorRecord());
    });
    await store.durable();
    expect(batches.map(({ keys }) => keys)).toEqual([['actors 1'], ['actors 2', 'actors 3']]);
  });

  test('that the disk refuses is written completely by the next try', async () => {
    const { store, clock } = the();
    const batches = the().watchBatches({ refuse: 'no space left' });
    store.atomically(() => {
      store.actors.put('1', actorRecord());
      store.actors.put('2', actorRecord());
    });
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    clock.advance(100);
    await store.durable();
    const whole = ['actors 1', 'actors 2'];
    expect(batches.map(({ keys }) => keys)).toEqual([whole, whole]);
  });

  test('that throws keeps its writes so far, in one batch, and throws the error on', async () => {
    const { store } = the();
    const batches = the().watchBatches();
    const failing = () =>
      store.atomically(() => {
        store.actors.put('1', actorRecord());
        store.actors.put('2', actorRecord());
        throw new Error('a fault of ours');
      });
    expect(failing).toThrow('a fault of ours');
    await store.durable();
    expect(batches.map(({ keys }) => keys)).toEqual([['actors 1', 'actors 2']]);
  });

  test('cannot be asynchronous: the types refuse a promise, and so does the store', () => {
    const { store } = the();
    const waits = async () => undefined;
    // @ts-expect-error writes after a wait would be in another batch
    expect(() => store.atomically(waits)).toThrow(StoreError);
    // biome-ignore lint/suspicious/noThenProperty: anything that can be awaited
    const thenable = { then: (resolve: (value: null) => void) => resolve(null) };
    // @ts-expect-error anything that can be awaited is refused too
    expect(() => store.atomically(() => thenable)).toThrow(/waits/);
    // A function of type `() => void` can still return a promise.
    const hidden: () => void = waits;
    expect(() => store.atomically(hidden)).toThrow(StoreError);
  });

  test('has a delivery and its changes in one batch', async () => {
    const { store } = the();
    const batches = the().watchBatches();
    const stored = store.deliveries.remember('d1', () => {
      store.actors.put('1', actorRecord());
      return null;
    });
    const again = store.deliveries.remember('d1', () => observation(1));
    expect([await stored, await again]).toEqual(['stored', 'known']);
    expect(batches.map(({ keys }) => keys)).toEqual([['actors 1', 'deliveries d1']]);
  });
});
