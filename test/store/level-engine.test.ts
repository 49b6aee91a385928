import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { actorRecord, DAY, settledJob } from './records.ts';

type ChainedBatch = ReturnType<Database['batch']> & {
  write(options?: object): Promise<void>;
  close(): Promise<void>;
};

describe.each(['memory', 'disk'])('LevelDB, in %s', (where) => {
  const log = pino({ level: 'silent' });
  let folder: string;
  let database: Database;
  let clock: ManualClock;
  const open = () => memoryStore({ clock, log, retention: 30 * DAY }, database);
  let store: Store;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    clock = new ManualClock();
    database = where === 'memory' ? memoryDatabase() : (new Level(folder) as unknown as Database);
    store = await open();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await store.close().catch(() => undefined);
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The disk refuses the next write with this reason; returns the options of each write. */
  function refuseOnce(why: string | null): object[] {
    const seen: object[] = [];
    const begin = database.batch.bind(database) as () => ChainedBatch;
    let refusal = why;
    vi.spyOn(database, 'batch').mockImplementation(() => {
      const batch = begin();
      const write = batch.write.bind(batch);
      batch.write = async (options: object = {}) => {
        seen.push(options);
        const reason = refusal;
        refusal = null;
        if (reason === null) return write(options);
        await batch.close();
        throw new Error(reason);
      };
      return batch as never;
    });
    return seen;
  }

  test('writes each batch with a sync, under keys that begin with the name of the table', async () => {
    const options = refuseOnce(null);
    store.actors.put('1', actorRecord());
    store.settled.put(settledJob(3));
    await store.durable();
    expect(options).toEqual([{ sync: true }]);
    expect(await database.keys().all()).toEqual(['!actors!1', '!meta!format', '!settled!0000000000000003']);
  });

  test('is opened again after the disk refused a write, stores everything and is still read', async () => {
    store.actors.put('1', actorRecord());
    await store.durable();
    const opened = vi.spyOn(database, 'open');
    refuseOnce('no space left');
    store.actors.put('2', actorRecord());
    const written = store.durable();
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    expect(store.health()).toMatchObject({ ok: false, lastError: 'no space left' });
    store.actors.put('3', actorRecord());
    clock.advance(100);
    await written;
    expect(opened.mock.calls).toContainEqual([{ createIfMissing: false }]);
    expect(store.health()).toMatchObject({ ok: true, pending: 0 });
    expect((await store.actors.read()).records.map(({ key }) => key)).toEqual(['1', '2', '3']);
  });

  test('is tried again when it cannot be opened again at once', async () => {
    refuseOnce('no space left');
    vi.spyOn(database, 'open').mockRejectedValueOnce(new Error('still no space'));
    store.actors.put('1', actorRecord());
    const written = store.durable();
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    clock.advance(100);
    await vi.waitFor(() => expect(store.health().lastError).toBe('still no space'));
    await vi.waitFor(() => expect(clock.alarms).toHaveLength(1));
    clock.advance(200);
    await written;
    expect((await store.actors.read()).records).toHaveLength(1);
  });

  test('of another program is refused and not changed', async () => {
    await database.clear();
    await database.put('their key', '1');
    await expect(open()).rejects.toThrow(StoreError);
    expect(await database.keys().all()).toEqual(['their key']);
  });
});
