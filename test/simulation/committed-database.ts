import { MemoryLevel } from 'memory-level';
import type { Database } from '../../src/store/database.ts';

export type Write = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** What survives a crash: everything that was committed, by full key. */
export type Committed = Map<string, string>;

/**
 * LevelDB in memory for one life of the daemon over what earlier lives have committed. `commit` is called with each
 * batch: it may take its time, refuse, or never return; what it lets through is committed all at once.
 */
export async function openCommitted(
  committed: Committed,
  commit: (writes: readonly Write[]) => Promise<void>,
): Promise<Database> {
  const database = new MemoryLevel<string, string>({ storeEncoding: 'utf8' });
  await database.open();
  const apply = database.batch.bind(database) as unknown as (writes: readonly Write[]) => Promise<void>;
  await apply([...committed].map(([key, value]) => ({ type: 'put', key, value })));

  const batch = async (writes: readonly Write[]) => {
    await commit(writes);
    for (const write of writes) {
      if (write.type === 'put') committed.set(write.key, write.value);
      else committed.delete(write.key);
    }
    await apply(writes);
  };
  const put = (key: string, value: string) => batch([{ type: 'put', key, value }]);
  return Object.assign(database, { batch, put }) as unknown as Database;
}
