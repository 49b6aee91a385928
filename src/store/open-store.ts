import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Level } from 'level';
import type { Clock } from '../clock.ts';
import { type Database, TABLES } from './database.ts';
import type { WriteHealth } from './group-commit.ts';
import { Store } from './store.ts';
import { StoreError } from './store-error.ts';

/** Changes when an older daemon could misread what a newer one has written. */
const FORMAT = 1;

export interface OpenStoreOptions {
  path: string;
  clock: Clock;
  /** Milliseconds for which the journal and the outcomes of jobs are kept. */
  retention: number;
  onHealthChange?(health: WriteHealth): void;
}

/**
 * Opens the store of one daemon. Throws a StoreError when another daemon holds it, when a newer daemon wrote it,
 * or when its folder holds something but no store: LevelDB would start an empty one there without a word, and
 * every VM would look ownerless.
 */
export async function openStore({ path, ...options }: OpenStoreOptions): Promise<Store> {
  const folder = resolve(path);
  const database = await openDatabase(folder);
  try {
    const format = await database.get(`${TABLES.meta}format`);
    if (format === undefined)
      await database.put(`${TABLES.meta}format`, String(FORMAT), { sync: true } as object);
    else if (Number(format) !== FORMAT) {
      throw new StoreError(
        `The store in ${folder} has format ${format} and this daemon knows ${FORMAT}: run the version that wrote it.`,
      );
    }
    const store = new Store({ database, ...options });
    await store.load();
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openDatabase(folder: string): Promise<Database> {
  const isNew = !existsSync(folder) || readdirSync(folder).length === 0;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = new Level<string, string>(folder, { createIfMissing: isNew });
    await database.open();
    return database as unknown as Database;
  } catch (error) {
    throw new StoreError(explain(folder, error), { cause: error });
  }
}

function explain(folder: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string } | null)?.code;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 'LEVEL_LOCKED') {
    return `Another daemon holds the store in ${folder}: stop it, or give this one a store.path of its own.`;
  }
  if (/does not exist/.test(message)) {
    return (
      `The folder ${folder} holds files but no readable store (${message}): restore it from a backup, ` +
      'or move the folder away to begin with an empty one.'
    );
  }
  return `The store in ${folder} cannot be opened: ${message}`;
}
