import type { Database, Sublevels } from './database.ts';
import type { Operation } from './group-commit.ts';

/**
 * Writes batches so that an acknowledged one outlives the process. After a refused write the database is closed and
 * opened again before the next: LevelDB 1.20 goes on in the same log behind the torn record, says that all is well,
 * and drops everything behind the tear at the next start (measured: a disk full for a moment, then 40 of 40
 * acknowledged writes gone). It also never leaves the failed state of a refused fsync or compaction by itself.
 */
export class Disk {
  readonly #database: Database;
  readonly #sublevels: Sublevels;
  #isTorn = false;

  constructor(database: Database, sublevels: Sublevels) {
    this.#database = database;
    this.#sublevels = sublevels;
  }

  /** All of it, synced, or a rejection. Reads fail while the database cannot be opened again. */
  async write(operations: Operation[]): Promise<void> {
    if (this.#isTorn) await this.#reopen();
    try {
      // Much cheaper on this thread than handing over an array, each of whose operations is copied and read by name.
      const batch = this.#database.batch();
      for (const operation of operations) {
        if (operation.type === 'put') batch.put(operation.key, operation.value);
        else batch.del(operation.key);
      }
      // abstract-level's types do not know `sync`; classic-level obeys it.
      await batch.write({ sync: true } as object);
    } catch (error) {
      this.#isTorn = true;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #reopen(): Promise<void> {
    await this.#database.close();
    // Opening creates a folder that has vanished only when told so; an empty store must not replace a lost one.
    await this.#database.open({ createIfMissing: false });
    await Promise.all(Object.values(this.#sublevels).map((sublevel) => sublevel.open()));
    this.#isTorn = false;
  }
}
