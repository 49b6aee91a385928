import { MemoryLevel } from 'memory-level';
import { type Database, LevelEngine } from '../../src/store/leveldb/level-engine.ts';
import { Store, type StoreOptions } from '../../src/store/store.ts';

/** LevelDB in memory. It keeps its rows from a close to the next open. */
export const memoryDatabase = () => new MemoryLevel<string, string>() as unknown as Database;

/** A store in memory. */
export async function memoryStore(options: StoreOptions, database = memoryDatabase()): Promise<Store> {
  return Store.over(await LevelEngine.over(database), options);
}
