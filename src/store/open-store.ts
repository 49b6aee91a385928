import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Level } from 'level';
import type { Database } from './level-engine.ts';
import { isKeptAside, LogFiles } from './log-files.ts';
import { Store, type StoreOptions } from './store.ts';
import { StoreError } from './store-error.ts';

/** What LevelDB or the system makes in a folder that never held a store. */
const NO_DATA = new Set(['LOCK', 'LOG', 'LOG.old', 'lost+found', '.DS_Store']);

/** A full disk, a quota or a limit of the process, in the system's words. */
const NO_ROOM = /No space left|quota exceeded|File too large/i;

export interface OpenStoreOptions extends StoreOptions {
  /** A folder, which is made when it is missing. */
  path: string;
}

/**
 * Opens the store of one daemon. Throws a StoreError, whose message is for the operator, when another daemon has it
 * open, when a newer one wrote it, or when its folder has files but no store: LevelDB would silently make an empty one
 * there, and every VM would look ownerless. Damage that LevelDB reads around is told in the log, and its files are kept.
 */
export async function openStore({ path, ...options }: OpenStoreOptions): Promise<Store> {
  const folder = resolve(path);
  let database: Database | null = null;
  let logFiles: LogFiles | null = null;
  try {
    makeFolder(folder);
    const isNew = readdirSync(folder).every((name) => NO_DATA.has(name) || isKeptAside(name));
    logFiles = new LogFiles(folder);
    database = new Level<string, string>(folder, { createIfMissing: isNew }) as unknown as Database;
    await database.open();
    tellDamage(logFiles, folder, options);
    logFiles = null;
    return await Store.over(database, options);
  } catch (error) {
    await database?.close();
    logFiles?.discard();
    throw new StoreError(explain(folder, error), { cause: error });
  }
}

/** Each folder by itself: where the system refuses one as if its parent were missing, as in /proc, Node's own way never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return;
    throw new Error('it is a file, and a folder is needed');
  }
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function tellDamage(logFiles: LogFiles, folder: string, { log, clock }: StoreOptions): void {
  const { damage, kept } = logFiles.settle(clock.now());
  if (damage.length === 0) return;
  const parts = damage.map(({ file, bytes, why }) => `${bytes} bytes of ${file} (${why})`).join(', ');
  log.error(
    { damage, kept },
    `the store in ${folder} is damaged: ${parts} could not be read, and what was written there is lost. ${
      kept === null ? 'The files could not be kept.' : `The files are kept in ${kept}.`
    } Look at the disk; what the lost records were about is found again at the hosts and at GitHub.`,
  );
}

function explain(folder: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  if ((cause as { code?: string } | null)?.code === 'LEVEL_LOCKED') {
    return `Another daemon holds the store in ${folder}: stop it, or give this one a store.path of its own.`;
  }
  if (cause instanceof StoreError) {
    return `The store in ${folder} cannot be used: ${message}. Run the version that wrote it, or give this daemon a store.path of its own.`;
  }
  if (/does not exist/.test(message)) {
    return (
      `The folder ${folder} holds files but no readable store (${message}): restore it from a backup, ` +
      'or move the folder away to begin with an empty store.'
    );
  }
  if (NO_ROOM.test(message)) {
    return `The store in ${folder} cannot be opened (${message}): make room for it and start again; nothing in it is lost.`;
  }
  return (
    `The store in ${folder} cannot be opened (${message}): mend what it names, restore the folder from a backup, ` +
    'or move it away to begin with an empty store.'
  );
}
