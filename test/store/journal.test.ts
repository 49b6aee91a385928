import { expect, test } from 'vitest';
import type { JournalQuery } from '../../src/store/tables/journal.ts';
import { journalEntry } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('the journal', (the) => {
  test('continues its numbers after a restart, and keeps its order beyond a power of ten', async () => {
    for (let n = 0; n < 9; n += 1) the().store.journal.append(journalEntry());
    await the().reopen();
    expect([1, 2, 3].map(() => the().store.journal.append(journalEntry()))).toEqual([10, 11, 12]);
    await the().store.durable();
    expect(await the().journal()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test('returns an entry unchanged, with its number', async () => {
    const { store } = the();
    const entry = journalEntry({ host: null, detail: { code: 'HOST_BUSY' } });
    store.journal.append(entry);
    await store.durable();
    for await (const stored of store.journal.read()) expect(stored).toEqual({ ...entry, seq: 1 });
    expect(await the().journal()).toEqual([1]);
  });

  test.each<[JournalQuery, number[]]>([
    [{ after: 4 }, [5, 6]],
    [{ before: 3 }, [1, 2]],
    [{ after: 2, before: 5 }, [3, 4]],
    [{ limit: 2 }, [1, 2]],
    [{ limit: 0 }, []],
    [{ reverse: true, limit: 2 }, [6, 5]],
    [{ reverse: true, before: 4 }, [3, 2, 1]],
    [{ actor: 'odd' }, [1, 3, 5]],
    [{ actor: 'odd', limit: 1, reverse: true }, [5]],
    [{ jobId: 60 }, [6]],
    [{ jobId: 60, actor: 'odd' }, []],
  ])('returns for the query %j the entries %j', async (query, expected) => {
    for (const n of [1, 2, 3, 4, 5, 6]) {
      the().store.journal.append(journalEntry({ actor: n % 2 ? 'odd' : 'even', jobId: n * 10 }));
    }
    await the().store.durable();
    expect(await the().journal(query)).toEqual(expected);
  });

  test('skips a damaged entry and logs it', async () => {
    for (let n = 0; n < 3; n += 1) the().store.journal.append(journalEntry());
    await the().damage('journal', '0000000000000002');
    expect(await the().journal()).toEqual([1, 3]);
    expect(await the().journal()).toEqual([1, 3]);
    expect(the().logged).toEqual([
      expect.stringMatching(/table journal, key 0000000000000002\): .* The journal goes on without it\.$/),
    ]);
  });

  test('continues its numbers when every entry was pruned', async () => {
    for (let n = 0; n < 3; n += 1) the().store.journal.append(journalEntry({ at: 0 }));
    await the().store.durable();
    await the().store.prune(the().clock.now());
    await the().reopen();
    expect(await the().journal()).toEqual([3]);
    expect(the().store.journal.append(journalEntry())).toBe(4);
  });
});
