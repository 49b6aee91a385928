import { expect, test } from 'vitest';
import { journalEntry } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('the journal', (the) => {
  test('finds the last entry at any instant', async () => {
    const { store } = the();
    for (let n = 1; n <= 200; n += 1) store.journal.append(journalEntry({ at: n * 10 }));
    await store.durable();
    for (const [at, seq] of [
      [0, 0],
      [9, 0],
      [10, 1],
      [19, 1],
      [20, 2],
      [1_005, 100],
      [2_000, 200],
      [9e9, 200],
    ] as const) {
      expect(await store.journal.seqAt(at), `at ${at}`).toBe(seq);
    }
  });

  test('has the entries of one job, and none of a job that was pruned', async () => {
    const { store } = the();
    for (let n = 1; n <= 60; n += 1)
      store.journal.append(journalEntry({ at: n, jobId: n % 3 === 0 ? 7 : 70 }));
    await store.durable();
    const seqs = async (query: object) => {
      const found = [];
      for await (const { seq } of store.journal.read({ jobId: 7, ...query })) found.push(seq);
      return found;
    };
    expect(await seqs({ limit: 3 })).toEqual([3, 6, 9]);
    expect(await seqs({ reverse: true, limit: 2 })).toEqual([60, 57]);
    expect(await seqs({ after: 9, before: 16 })).toEqual([12, 15]);
    expect(await seqs({})).toHaveLength(20);
  });

  test('returns all entries of a job that has more than are read at once', async () => {
    const { store } = the();
    for (let n = 1; n <= 120; n += 1) store.journal.append(journalEntry({ jobId: 7 }));
    await store.durable();
    for (const reverse of [false, true]) {
      const found = await the().journal({ jobId: 7, reverse });
      expect(reverse ? found.reverse() : found).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
    }
  });
});

describeStore('orders', (the) => {
  test('about a host survive a restart, and so does their end', async () => {
    the().store.cordons.put('mini-1', { by: 'ada', at: 5 });
    the().store.cordons.put('mini-2', { by: 'ada', at: 5 });
    the().store.cordons.put('mini-2', null);
    await the().store.durable();
    await the().reopen();
    expect(the().store.cordons.of('mini-1')).toEqual({ by: 'ada', at: 5 });
    expect(the().store.cordons.of('mini-2')).toBeNull();
  });
});

describeStore('the silence of hosts', (the) => {
  test('survives a restart, until it has ended', async () => {
    the().store.silences.put('mini-1', 5_000);
    the().store.silences.put('mini-2', 5_000);
    the().store.silences.put('mini-2', 0);
    await the().store.durable();
    await the().reopen();
    expect([the().store.silences.of('mini-1'), the().store.silences.of('mini-2')]).toEqual([5_000, 0]);
  });
});
