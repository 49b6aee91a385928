import type { AbstractLevel, AbstractSublevel } from 'abstract-level';
import { type Engine, type Operation, type Range, TABLES, type TableName } from '../engine.ts';
import { StoreError } from '../store-error.ts';

type Format = string | Buffer | Uint8Array;

/** LevelDB, on disk or in memory, with text keys and values. */
export type Database = AbstractLevel<Format, string, string>;

/**
 * LevelDB, which keeps a lock on its folder: no other process can write to it, so there is no epoch to check.
 * Each table has a key prefix of its own, LevelDB's sublevel of its name.
 *
 * An acknowledged batch outlives the process. After a refused batch the database is closed and opened again
 * before the next one: LevelDB 1.20 would go on writing to the same log after the torn record, report
 * success, and drop everything after that record at the next start (measured: a disk full for a moment, then
 * 40 of 40 acknowledged writes gone). It also never leaves the failed state after a refused fsync or
 * compaction by itself.
 */
export class LevelEngine implements Engine {
  readonly place: string;
  readonly epoch = 0;
  readonly #database: Database;
  readonly #sublevels: Record<TableName, AbstractSublevel<Database, Format, string, string>>;
  #isTorn = false;

  /**
   * Uses an open database; `place` is its folder. Throws a StoreError when it has content but not our mark.
   */
  static async over(database: Database, place = 'memory'): Promise<LevelEngine> {
    const engine = new LevelEngine(database, place);
    const [mark] = await engine.getMany('meta', ['format']);
    if (mark !== undefined) return engine;
    for await (const key of database.keys({ limit: 1 })) {
      throw new StoreError(
        `it is another program's database (its first key is ${JSON.stringify(key)}). Give this daemon a store.path of its own.`,
      );
    }
    return engine;
  }

  private constructor(database: Database, place: string) {
    this.#database = database;
    this.place = place;
    this.#sublevels = Object.fromEntries(TABLES.map((name) => [name, database.sublevel(name)])) as never;
  }

  /** Writes the whole batch with a sync, or rejects. Reads fail while the database cannot be opened again. */
  async write(operations: readonly Operation[]): Promise<void> {
    if (this.#isTorn) await this.#reopen();
    try {
      // Much cheaper than an array, whose operations would be copied and read by name.
      const batch = this.#database.batch();
      for (const operation of operations) {
        const key = this.#sublevels[operation.table].prefixKey(operation.key, 'utf8');
        if (operation.type === 'put') batch.put(key, operation.value);
        else batch.del(key);
      }
      // The types of abstract-level do not have `sync`; classic-level obeys it.
      await batch.write({ sync: true } as object);
    } catch (error) {
      this.#isTorn = true;
      throw error;
    }
  }

  rows(table: TableName, range: Range): AsyncIterable<[key: string, value: string]> {
    return this.#sublevels[table].iterator(range);
  }

  keys(table: TableName, range: Range): AsyncIterable<string> {
    return this.#sublevels[table].keys(range);
  }

  /** The values in the order of the keys; undefined for a key without a value. */
  getMany(table: TableName, keys: string[]): Promise<(string | undefined)[]> {
    return this.#sublevels[table].getMany(keys);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #reopen(): Promise<void> {
    await this.#database.close();
    // By default, opening creates a missing folder; but an empty store must not replace a lost one.
    await this.#database.open({ createIfMissing: false });
    await Promise.all(Object.values(this.#sublevels).map((sublevel) => sublevel.open()));
    this.#isTorn = false;
  }
}
