import { Level } from 'level';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import { settled } from '../support/manual-clock.ts';
import type { Committed } from './committed.ts';
import { type Commit, committing } from './committed-database.ts';

type Work = (...given: unknown[]) => Promise<unknown>;

/**
 * The daemon's disk in LevelDB's own files. They take real time, so requests to them run one after the other,
 * and virtual time waits for all of them (`idle`): the same run then has the same order each time. Nothing is
 * synced, since the process that writes outlives each life of the daemon.
 */
export class LevelDisk {
  readonly #folder: string;
  #database: Database | null = null;
  #underWay = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the disk for one life of the daemon; what the first life finds in the files counts as committed.
   */
  readonly open = async (committed: Committed, commit: Commit): Promise<Database> => {
    await this.close();
    const database = new Level<string, string>(this.#folder, { createIfMissing: false });
    this.#database = database as unknown as Database;
    await this.#after(() => database.open());
    const rows = await this.#after(() => database.iterator().all());
    if (committed.rows.size === 0) committed.apply(rows.map(([key, value]) => ({ type: 'put', key, value })));
    this.#dueJobs(database, ['_get', '_getMany', '_batch']);
    this.#inTurnOfMade(database, '_iterator', ['_next', '_nextv', '_all', '_close']);
    return committing(this.#database, committed, commit);
  };

  /** Resolves when no request to the files is under way and everything that needs no time has happened. */
  async idle(): Promise<void> {
    do {
      await this.#last;
      await settled();
    } while (this.#underWay > 0);
  }

  /** Closes the files. A life that has died does not close them. */
  async close(): Promise<void> {
    await this.#last;
    await this.#database?.close();
    this.#database = null;
  }

  #after<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    const done = this.#last.then(work).finally(() => {
      this.#underWay -= 1;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Makes the named methods run one after the other; abstract-level does a database's work in them. */
  #dueJobs(of: object, names: readonly string[]): void {
    const parts = of as Record<string, Work>;
    for (const name of names) {
      const work = parts[name]?.bind(of);
      if (work) parts[name] = (...given) => this.#after(() => work(...given));
    }
  }

  #inTurnOfMade(of: object, name: string, names: readonly string[]): void {
    const parts = of as Record<string, (...given: unknown[]) => object>;
    const make = parts[name]?.bind(of);
    if (!make) return;
    parts[name] = (...given) => {
      const made = make(...given);
      this.#dueJobs(made, names);
      return made;
    };
  }
}
