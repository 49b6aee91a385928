import { explainLevel, openLevel } from './leveldb/open-level.ts';
import { Store, type StoreOptions } from './store.ts';
import { StoreError } from './store-error.ts';

export interface OpenStoreOptions extends StoreOptions {
  /** A folder; it is created when it is missing. */
  path: string;
  /** Most bytes of LevelDB's tables whose checksums are compared. */
  compared?: number;
}

/**
 * Opens the store of one daemon. Throws a StoreError, whose message is for the operator, when another daemon
 * has it open, when a newer one wrote it, or when there is something else in its place.
 */
export async function openStore({ path, compared, ...options }: OpenStoreOptions): Promise<Store> {
  const engine = await openLevel(path, { ...options, ...(compared !== undefined && { compared }) });
  try {
    return await Store.over(engine, options);
  } catch (error) {
    await engine.close();
    throw new StoreError(explainLevel(engine.place, error), { cause: error });
  }
}
