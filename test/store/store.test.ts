import { expect, test } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { actorRecord, journalEntry, observation, settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('a store', (the) => {
  test('begins empty', async () => {
    const { store } = the();
    expect(await store.actors.read()).toEqual({ records: [], unreadable: [] });
    expect(await store.deliveries.pending()).toEqual([]);
    expect(await store.settled.newest(10)).toEqual([]);
    expect(await the().journal()).toEqual([]);
    expect(Object.values(store.counts())).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('has everything again after it was closed and opened', async () => {
    const { store } = the();
    const record = actorRecord({ value: 'creating', context: { job: { name: 'bäuen 🍏' } } });
    store.actors.put('7', record);
    store.actors.put('8', actorRecord());
    store.actors.delete('8');
    store.journal.append(journalEntry());
    store.settled.put(settledJob(5));
    store.noted.addOnce(6);
    store.quarantine.put('9', { value: 'strange' }, 'nobody knows this state');
    await store.deliveries.remember('d1', () => observation(7));
    const one = { actors: 1, settled: 1, noted: 1, deliveries: 1, quarantined: 1 };
    const counts = { ...one, unreadable: 0, journalSeq: 1 };
    expect(store.counts()).toEqual(counts);
    await the().reopen();
    expect(the().store.counts()).toEqual(counts);
    expect((await the().store.actors.read()).records).toEqual([{ key: '7', record }]);
    expect(await the().store.settled.newest(10)).toEqual([settledJob(5)]);
  });

  test('writes an exchange, its journal entries and its delivery in one batch', async () => {
    const { store } = the();
    await store.deliveries.remember('d1', () => observation(1));
    const batches = the().watchBatches();
    store.actors.put('1', actorRecord());
    store.journal.append(journalEntry());
    store.actors.put('2', actorRecord());
    store.journal.append(journalEntry());
    store.actors.put('1', actorRecord({ value: 'running' }));
    store.deliveries.markHandled('d1');
    store.settled.put(settledJob(3));
    await store.durable();
    expect(batches).toHaveLength(1);
    expect(batches[0]?.keys).toEqual([
      'actors 1',
      'journal 0000000000000001',
      'journalOfJob 0000000000000007-0000000000000001',
      'actors 2',
      'journal 0000000000000002',
      'journalOfJob 0000000000000007-0000000000000002',
      'deliveries d1',
      'settled 0000000000000003',
    ]);
  });

  test('throws for a write after close, and returns the first close for a second one', async () => {
    const { store } = the();
    expect(store.close()).toBe(store.close());
    await store.close();
    expect(() => store.actors.put('1', actorRecord())).toThrow(StoreError);
  });

  test('is refused with a newer format', async () => {
    const open = () => the().reopen();
    await the().putText('meta', 'format', '2');
    await expect(open()).rejects.toThrow('written by a newer version (format 2, and this one knows 1)');
    await the().putText('meta', 'format', '"one"');
    await expect(open()).rejects.toThrow('which no version of jeballto-runner writes');
  });
});

describeStore('actor records', (the, { holdsAnyText }) => {
  test('keep a snapshot as it was at the time of the put', async () => {
    const { store } = the();
    const snapshot = { context: { tries: 1 } };
    store.actors.put('7', actorRecord(snapshot));
    snapshot.context.tries = 2;
    await store.durable();
    expect((await store.actors.read()).records[0]?.record.snapshot).toEqual({ context: { tries: 1 } });
  });

  test.each<[what: string, raw: string, reason: string]>([
    ...(holdsAnyText
      ? [['text that is not JSON', '{"v":1,', 'it is not JSON'] as [string, string, string]]
      : []),
    [
      'a newer version',
      JSON.stringify({ ...actorRecord(), v: 2 }),
      'a version that this daemon does not know',
    ],
    ['another machine', JSON.stringify({ ...actorRecord(), machine: 'cron' }), 'a machine that this daemon'],
    ['a missing field', JSON.stringify({ ...actorRecord(), savedAt: undefined }), 'savedAt'],
    ['no snapshot', JSON.stringify({ ...actorRecord(), snapshot: null }), 'snapshot'],
  ])('with %s are returned with the reason and hide no other', async (_what, raw, reason) => {
    const { store } = the();
    store.actors.put('7', actorRecord());
    await the().putText('actors', '3', raw);
    const { records, unreadable } = await store.actors.read();
    expect(records.map(({ key }) => key)).toEqual(['7']);
    expect(unreadable).toEqual([{ key: '3', raw, reason: expect.stringContaining(reason) }]);
    expect(unreadable[0]?.reason).not.toContain('\n');
  });

  test('move to quarantine in one batch and stay there with the reason', async () => {
    const { store, clock } = the();
    store.actors.put('7', actorRecord());
    await store.durable();
    const batches = the().watchBatches();
    store.quarantine.put('7', { value: 'strange' }, 'nobody knows this state');
    await store.durable();
    expect(batches).toHaveLength(1);
    expect((await store.actors.read()).records).toEqual([]);
    const kept = await the().textOf('quarantine', '7#1');
    expect(JSON.parse(String(kept))).toEqual({
      at: clock.now(),
      reason: 'nobody knows this state',
      raw: { value: 'strange' },
    });
  });

  test('of the same key are two entries in quarantine', async () => {
    const { store } = the();
    store.quarantine.put('7', 'one', 'first');
    store.quarantine.put('7.2', 'other', 'first');
    store.quarantine.put('7', 'two', 'second');
    await the().reopen();
    expect(the().store.quarantine.keys().sort()).toEqual(['7', '7', '7.2']);
  });
});
