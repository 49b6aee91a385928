import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { DAY } from '../store/records.ts';
import { DAMAGED, keyOf, WHOLE } from '../store/unreadable-rows.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { changed, textOf } from './changed.ts';
import { beyondBounds } from './within-bounds.ts';

const log = pino({ level: 'silent' });

/** Reads everything that a start and the admin API read from a store. */
async function readAll(store: Store): Promise<unknown> {
  const journal = [];
  for await (const entry of store.journal.read()) {
    const { detail, changed: parts, ...own } = entry;
    journal.push(own);
  }
  return {
    journal,
    pending: await store.deliveries.pending(),
    inbox: (await store.inbox.read()).map(({ at, observation }) => ({ at, observation })),
    settled: await store.settled.newest(100),
    cordon: store.cordons.of(keyOf('cordons', 0)),
    kept: store.evidence.keys().map(({ attempt, at }) => ({ attempt, at })),
    leftovers: await store.leftovers.all(),
    names: { last: store.names.lastOf(7_000_000) },
    repository: { number: store.repositoryIds.of(keyOf('repositories', 0)) },
    sent: { at: store.sent.sentAt(keyOf('sent', 0)) },
    notices: [...store.notices.of('ops').values()],
    counts: store.counts(),
  };
}

test('a slightly changed row is read within its bounds or goes to quarantine, and the store goes on', async () => {
  const row = fc.constantFrom(...DAMAGED).chain((table) =>
    changed(table === 'journal' ? { ...WHOLE.journal, seq: 7_000_000 } : WHOLE[table]).map((value) => ({
      table,
      raw: textOf(value),
    })),
  );
  await fc.assert(
    fc.asyncProperty(row, async ({ table, raw }) => {
      const database = memoryDatabase();
      const clock = new ManualClock();
      const open = () => memoryStore({ clock, log, retention: 30 * DAY }, database);
      await (await open()).close();
      await database.open();
      await database.sublevel(table).put(keyOf(table, 0), raw);
      const store = await open();
      expect(beyondBounds(await readAll(store))).toEqual([]);
      const { records, unreadable } = await store.actors.read();
      expect(records.length + unreadable.length).toBe(table === 'actors' ? 1 : 0);
      await store.durable();
      // Rows in quarantine are kept unchanged, and do not go there again.
      const rows = store.quarantine.rows();
      for await (const [, text] of database.sublevel('quarantine').iterator()) {
        if (table !== 'quarantine') expect(JSON.parse(text).raw).toBe(raw);
      }
      await store.prune(clock.now());
      await store.close();
      await database.open();
      const again = await open();
      await readAll(again);
      expect(again.quarantine.rows()).toEqual(rows);
      await again.close();
    }),
    { numRuns: 600 },
  );
}, 60_000);
