import { MemoryLevel } from 'memory-level';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import type { Committed, Write } from './committed.ts';

/**
 * Called with each batch and with the function that commits it all at once. It may take time, refuse, or
 * never resolve, before or after the commit.
 */
export type Commit = (writes: readonly Write[], apply: () => void) => Promise<void>;

/** Opens the daemon's disk for one life of the daemon. */
export type OpenDisk = (committed: Committed, commit: Commit) => Promise<Database>;

/** LevelDB in memory for one life of the daemon, with what earlier lives have committed. */
export async function openCommitted(committed: Committed, commit: Commit): Promise<Database> {
  const database = new MemoryLevel<string, string>({ storeEncoding: 'utf8' });
  await database.open();
  const apply = database.batch.bind(database) as unknown as (writes: readonly Write[]) => Promise<void>;
  await apply([...committed.rows].map(([key, value]) => ({ type: 'put', key, value })));
  return committing(database as unknown as Database, committed, commit);
}

/** Makes every write of a database go through `commit`. */
export function committing(database: Database, committed: Committed, commit: Commit): Database {
  const apply = database.batch.bind(database) as unknown as (writes: readonly Write[]) => Promise<void>;
  const write = async (writes: readonly Write[]) => {
    await commit(writes, () => committed.apply(writes));
    await apply(writes);
  };
  const put = (key: string, value: string) => write([{ type: 'put', key, value }]);
  const batch = () => {
    const writes: Write[] = [];
    return {
      put: (key: string, value: string) => writes.push({ type: 'put', key, value }),
      del: (key: string) => writes.push({ type: 'del', key }),
      write: () => write(writes),
    };
  };
  return Object.assign(database, { batch, put });
}
