import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, vi } from 'vitest';
import type { TableName } from '../../src/store/engine.ts';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import type { Store } from '../../src/store/store.ts';
import type { JournalQuery } from '../../src/store/tables/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { DAY } from './records.ts';

/** A place for one database, which keeps its data from a close to the next open. */
interface Place {
  database: Database;
  remove(): void;
}

export interface WrittenBatch {
  /** The puts, then the deletes. */
  keys: string[];
  options: object;
}

type ChainedBatch = ReturnType<Database['batch']> & {
  put(key: string, value: string): unknown;
  del(key: string): unknown;
  write(options?: object): Promise<void>;
  close(): Promise<void>;
};

const PLACES: Record<string, () => Place> = {
  'memory-level': () => ({ database: memoryDatabase(), remove() {} }),
  'classic-level': () => {
    const folder = mkdtempSync(join(tmpdir(), 'store-'));
    return {
      database: new Level<string, string>(folder) as unknown as Database,
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

/** A newly opened store for each test, with its database, clock and log. */
export class StoreFixture {
  readonly clock = new ManualClock();
  /** Messages logged so far. */
  readonly logged: string[] = [];
  readonly #place: Place;
  #store: Store | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  get database(): Database {
    return this.#place.database;
  }

  get store(): Store {
    if (!this.#store) throw new Error('the store is not open');
    return this.#store;
  }

  async open(): Promise<void> {
    await this.database.open();
    const log = pino({ level: 'debug' }, { write: (line: string) => this.logged.push(JSON.parse(line).msg) });
    this.#store = await memoryStore({ clock: this.clock, log, retention: 30 * DAY }, this.database);
  }

  /** Closes and opens the store, as a restart of the daemon does. */
  async reopen(): Promise<void> {
    await this.store.close();
    await this.open();
  }

  /** Damages a value directly in the database. */
  async damage(table: TableName, key: string): Promise<void> {
    await this.store.durable();
    await this.database.sublevel(table).put(key, '{"torn');
  }

  /** Records every batch from here on; with `refuse`, the disk refuses the next write with this reason. */
  watchBatches({ refuse = null }: { refuse?: string | null } = {}): WrittenBatch[] {
    const seen: WrittenBatch[] = [];
    const begin = this.database.batch.bind(this.database) as () => ChainedBatch;
    let refusal = refuse;
    vi.spyOn(this.database, 'batch').mockImplementation(() => {
      const batch = begin();
      const put = vi.spyOn(batch, 'put');
      const del = vi.spyOn(batch, 'del');
      const write = batch.write.bind(batch);
      batch.write = async (options: object = {}) => {
        seen.push({ keys: [...put.mock.calls, ...del.mock.calls].map(([key]) => key), options });
        const why = refusal;
        refusal = null;
        if (why === null) return write(options);
        await batch.close();
        throw new Error(why);
      };
      return batch as never;
    });
    return seen;
  }

  async journal(query?: JournalQuery): Promise<number[]> {
    const found = [];
    for await (const { seq } of this.store.journal.read(query)) found.push(seq);
    return found;
  }

  async close(): Promise<void> {
    await this.#store?.close().catch(() => undefined);
    await this.database.close();
    this.#place.remove();
  }
}

/** The same rules for every engine below the store. */
export function describeStore(what: string, rules: (fixture: () => StoreFixture) => void): void {
  describe.each(Object.entries(PLACES))(`${what}, on %s`, (_engine, place) => {
    let fixture: StoreFixture;
    beforeEach(async () => {
      fixture = new StoreFixture(place());
      await fixture.open();
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await fixture.close();
    });
    rules(() => fixture);
  });
}
