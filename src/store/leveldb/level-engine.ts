import type { AbstractLevel, AbstractSublevel } from 'abstract-level';
import type { Operation } from '../group-commit.ts';
import { StoreError } from '../store-error.ts';

type Format = string | Buffer | Uint8Array;

/** LevelDB, on disk or in memory, with text keys and values. */
export type Database = AbstractLevel<Format, string, string>;

/** Each kind of record has a key prefix of its own: LevelDB's sublevel of this name. */
export const TABLES = [
  'meta',
  'actors',
  'journal',
  'journalOfJob',
  'deliveries',
  'settled',
  'noted',
  'quarantine',
  'cordons',
  'silences',
  'evidence',
  'names',
  'leftovers',
  'repositories',
  'sent',
] as const;

export type TableName = (typeof TABLES)[number];

/** Bounds of a read, by key; without bounds, everything is read. */
export interface Range {
  gt?: string;
  lt?: string;
  reverse?: boolean;
  limit?: number;
}

/** Grows when an older daemon could misread what a newer one has written. */
const FORMAT = 1;

/**
 * What the store needs from its database: atomic batches of puts and deletes, reads of a range in the order
 * of its keys, and values by key. Reads see only what is committed.
 *
 * An acknowledged batch outlives the process. After a refused batch the database is closed and opened again
 * before the next one: LevelDB 1.20 would go on writing to the same log after the torn record, report
 * success, and drop everything after that record at the next start (measured: a disk full for a moment, then
 * 40 of 40 acknowledged writes gone). It also never leaves the failed state after a refused fsync or
 * compaction by itself.
 */
export class LevelEngine {
  readonly #database: Database;
  readonly #sublevels: Record<TableName, AbstractSublevel<Database, Format, string, string>>;
  #isTorn = false;

  /**
   * Uses an open database, and marks an empty one as ours. Throws a StoreError for one that a newer daemon
   * has written, and for one with content but without our mark.
   */
  static async over(database: Database): Promise<LevelEngine> {
    const engine = new LevelEngine(database);
    await engine.#confirmFormat();
    return engine;
  }

  private constructor(database: Database) {
    this.#database = database;
    this.#sublevels = Object.fromEntries(TABLES.map((name) => [name, database.sublevel(name)])) as never;
  }

  /** The key of a record in the whole database, as operations need it. */
  keyOf(table: TableName, key: string): string {
    return this.#sublevels[table].prefixKey(key, 'utf8');
  }

  /** Writes the whole batch with a sync, or rejects. Reads fail while the database cannot be opened again. */
  async write(operations: Operation[]): Promise<void> {
    if (this.#isTorn) await this.#reopen();
    try {
      // Much cheaper than an array, whose operations would be copied and read by name.
      const batch = this.#database.batch();
      for (const operation of operations) {
        if (operation.type === 'put') batch.put(operation.key, operation.value);
        else batch.del(operation.key);
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

  async #confirmFormat(): Promise<void> {
    const { meta } = this.#sublevels;
    const text = await meta.get('format');
    if (text === undefined) {
      for await (const key of this.#database.keys({ limit: 1 })) {
        throw new StoreError(`it is another program's database (its first key is ${JSON.stringify(key)})`);
      }
      return meta.put('format', String(FORMAT), { sync: true } as object);
    }
    if (Number(text) > FORMAT) {
      throw new StoreError(
        `it was written by a newer version (format ${text}, and this one knows ${FORMAT})`,
      );
    }
    if (Number(text) !== FORMAT) {
      throw new StoreError(
        `its format is ${JSON.stringify(text)}, which no version of jeballto-runner writes`,
      );
    }
  }
}
