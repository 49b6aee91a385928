import type { Engine } from './engine.ts';
import { explainLevel, openLevel } from './leveldb/open-level.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import { placeOf } from './postgres/place-of.ts';
import { explainPostgres } from './postgres/trouble/explain-postgres.ts';
import { Store, type StoreOptions } from './store.ts';
import { StoreError } from './store-error.ts';

/** Where a store is: a folder for LevelDB, which is created when it is missing, or the url of a PostgreSQL database. */
export type StorePlace = { path: string; url?: never } | { url: string; path?: never };

export interface OpenEngineOptions extends Pick<StoreOptions, 'clock' | 'log'> {
  /** Most bytes of LevelDB's tables whose checksums are compared. */
  compared?: number;
  /** Another daemon has taken over the database, as a sentence. It can happen to PostgreSQL alone. */
  onTakenOver?(why: string): void;
}

export type OpenStoreOptions = StorePlace & StoreOptions & OpenEngineOptions;

/** Returns where a store is, for people: without user and password. */
export function placeOfStore(place: StorePlace): string {
  return place.url === undefined ? place.path : placeOf(place.url);
}

/**
 * Opens the store of one daemon. Throws a StoreError, whose message is for the operator, when another daemon
 * has it open, when a newer one wrote it, or when there is something else in its place.
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const engine = await openEngine(options);
  try {
    return await Store.over(engine, options);
  } catch (error) {
    await engine.close();
    const explain = options.url === undefined ? explainLevel : explainPostgres;
    throw new StoreError(explain(engine.place, error), { cause: error });
  }
}

/** Opens the database below a store. Throws a StoreError whose message is for the operator. */
export function openEngine(options: StorePlace & OpenEngineOptions): Promise<Engine> {
  return options.url === undefined ? openLevel(options.path, options) : openPostgres(options.url, options);
}
