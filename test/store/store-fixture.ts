import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, inject, vi } from 'vitest';
import type { Engine, TableName } from '../../src/store/engine.ts';
import { type Database, LevelEngine } from '../../src/store/leveldb/level-engine.ts';
import { Store } from '../../src/store/store.ts';
import type { JournalQuery } from '../../src/store/tables/journal.ts';
import { PostgresPlace } from '../postgres/postgres-place.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase } from '../support/memory-store.ts';
import { DAY } from './records.ts';

/** A place for one store, which keeps its data from a close to the next open. */
export interface Place {
  open(): Promise<Engine>;
  /** Writes the text of a row past the store. */
  put(table: TableName, key: string, text: string): Promise<unknown>;
  /** Removes everything, the mark of the store too. */
  clear(): Promise<unknown>;
  remove(): Promise<unknown>;
}

export interface WrittenBatch {
  /** The table and the key of each operation. */
  keys: string[];
}

class LevelPlace implements Place {
  readonly #database: Database;
  readonly #folder: string | null;

  constructor(folder: string | null) {
    this.#folder = folder;
    this.#database = folder === null ? memoryDatabase() : (new Level(folder) as unknown as Database);
  }

  async open(): Promise<Engine> {
    await this.#database.open();
    return LevelEngine.over(this.#database);
  }

  async put(table: TableName, key: string, text: string): Promise<void> {
    await this.#database.open();
    await this.#database.sublevel(table).put(key, text);
  }

  async clear(): Promise<void> {
    await this.#database.open();
    await this.#database.clear();
  }

  async remove(): Promise<void> {
    await this.#database.close();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Facts {
  make(): Place;
  /** False when every value is JSON, whatever a test or a disk does. */
  holdsAnyText: boolean;
}

const LEVEL: Record<string, Facts> = {
  memory: { make: () => new LevelPlace(null), holdsAnyText: true },
  LevelDB: { make: () => new LevelPlace(mkdtempSync(join(tmpdir(), 'store-'))), holdsAnyText: true },
};

/** The engines of this project of tests: PostgreSQL where a server was started for it; null where there is none. */
function engines(): Record<string, Facts> {
  const port = inject('postgres');
  if (port === undefined) return LEVEL;
  return port === null ? {} : { PostgreSQL: { make: () => new PostgresPlace(port), holdsAnyText: false } };
}

/** A newly opened store for each test, with its clock and log. */
export class StoreFixture {
  readonly clock = new ManualClock();
  /** Messages logged so far. */
  readonly logged: string[] = [];
  readonly #place: Place;
  #engine: Engine | null = null;
  #store: Store | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  get store(): Store {
    if (!this.#store) throw new Error('the store is not open');
    return this.#store;
  }

  /** Numbers of names up to this one count as taken. */
  get epoch(): number {
    return this.#engine?.epoch ?? 0;
  }

  async open(): Promise<void> {
    const log = pino({ level: 'debug' }, { write: (line: string) => this.logged.push(JSON.parse(line).msg) });
    const engine = await this.#place.open();
    this.#engine = engine;
    const options = { clock: this.clock, log, retention: 30 * DAY };
    this.#store = await Store.over(engine, options).catch(async (error: unknown) => {
      await engine.close();
      throw error;
    });
  }

  /** Closes and opens the store, as a restart of the daemon does. */
  async reopen(): Promise<void> {
    await this.store.close();
    await this.open();
  }

  /** Writes the text of a row past the store, when everything before is written. */
  async putText(table: TableName, key: string, text: string): Promise<void> {
    await this.store.durable();
    await this.#place.put(table, key, text);
  }

  /** Damages a value directly in the database. */
  damage(table: TableName, key: string): Promise<void> {
    return this.putText(table, key, '["torn"]');
  }

  async textOf(table: TableName, key: string): Promise<string | undefined> {
    return (await this.#engine?.getMany(table, [key]))?.[0];
  }

  clear(): Promise<unknown> {
    return this.#place.clear();
  }

  /** Records every batch from here on; with `refuse`, the database refuses the next one with this reason. */
  watchBatches({ refuse = null }: { refuse?: string | null } = {}): WrittenBatch[] {
    const seen: WrittenBatch[] = [];
    const engine = this.#engine as Engine;
    const write = engine.write.bind(engine);
    let refusal = refuse;
    vi.spyOn(engine, 'write').mockImplementation((operations) => {
      seen.push({ keys: operations.map(({ table, key }) => `${table} ${key}`) });
      const why = refusal;
      refusal = null;
      return why === null ? write(operations) : Promise.reject(new Error(why));
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
    await this.#engine?.close().catch(() => undefined);
    await this.#place.remove();
  }
}

/** The same rules for every engine below the store. */
export function describeStore(
  what: string,
  rules: (fixture: () => StoreFixture, facts: Facts) => void,
): void {
  describe.each(Object.entries(engines()))(`${what}, on %s`, (_engine, facts) => {
    let fixture: StoreFixture;
    beforeEach(async () => {
      fixture = new StoreFixture(facts.make());
      await fixture.open();
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await fixture.close();
    });
    rules(() => fixture, facts);
  });
}
