import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Level } from 'level';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { StoreError } from '../store-error.ts';
import { type Database, LevelEngine } from './level-engine.ts';
import { type Damage, isKeptAside, LogFiles, partsOf } from './log-files.ts';
import { damagedTables } from './table-checksums.ts';

/** Files that LevelDB or the system creates in a folder that never held a store. */
const NO_DATA = new Set(['LOCK', 'LOG', 'LOG.old', 'lost+found', '.DS_Store']);

/** A full disk, a quota or a limit of the process, in the system's words. */
const NO_ROOM = /No space left|quota exceeded|File too large/i;

/**
 * Bytes of tables whose checksums are compared at the start, which takes about 0.2 s; `check` compares all.
 */
const COMPARED_BYTES = 64 * 2 ** 20;

export interface OpenLevelOptions {
  clock: Clock;
  log: Logger;
  /** Most bytes of tables whose checksums are compared. */
  compared?: number;
}

/**
 * Opens the LevelDB in a folder, which is created when it is missing. Throws a StoreError, whose message is for
 * the operator, when another daemon has it open, or when the folder has files but no store: LevelDB would
 * silently create an empty one there, and every VM would look ownerless. Damage that LevelDB skips is logged,
 * and the damaged files are kept.
 */
export async function openLevel(
  path: string,
  { compared = COMPARED_BYTES, ...options }: OpenLevelOptions,
): Promise<LevelEngine> {
  const folder = resolve(path);
  let database: Database | null = null;
  let logFiles: LogFiles | null = null;
  try {
    makeFolder(folder);
    const isNew = readdirSync(folder).every((name) => NO_DATA.has(name) || isKeptAside(name));
    logFiles = new LogFiles(folder);
    // Checked before LevelDB copies what it read from a damaged table into another table, with a checksum
    // that agrees.
    const tables = tablesBefore(folder, compared);
    database = new Level<string, string>(folder, { createIfMissing: isNew }) as unknown as Database;
    await database.open();
    tellDamage(logFiles, folder, options);
    if (tables.length > 0) tellDamagedTables(tables, folder, options);
    logFiles = null;
    return await LevelEngine.over(database, folder);
  } catch (error) {
    await database?.close();
    logFiles?.discard();
    throw new StoreError(explainLevel(folder, error), { cause: error });
  }
}

/**
 * Creates each folder separately: where the system refuses a folder as if its parent were missing, as in
 * /proc, Node's recursive mkdir never ends.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    if (statSync(folder).isDirectory()) return;
    throw new Error('it is a file, but the store needs a folder');
  }
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function tellDamage(logFiles: LogFiles, folder: string, { log, clock }: OpenLevelOptions): void {
  const { damage, kept } = logFiles.settle(clock.now());
  if (damage.length === 0) return;
  log.error(
    { damage, kept },
    `the store in ${folder} is damaged: ${partsOf(damage)} could not be read, and what was written there is lost. ${
      kept === null ? 'The files could not be kept.' : `The files are kept in ${kept}.`
    } Check the disk. The daemon finds the VMs, runners and jobs of lost records again at the hosts and at GitHub.`,
  );
}

/** Empty when the tables cannot be read now: another daemon may change them, and the lock shows that next. */
function tablesBefore(folder: string, compared: number): Damage[] {
  try {
    return damagedTables(folder, compared);
  } catch {
    return [];
  }
}

function tellDamagedTables(damage: Damage[], folder: string, { log }: OpenLevelOptions): void {
  log.error(
    { damage },
    `the store in ${folder} is damaged: ${partsOf(damage)} are not what was written. The daemon goes on with what can be read. Check the disk. Then stop the daemon and restore the folder from a backup; without a backup, move the folder away at a time when no VM of the daemon runs.`,
  );
}

/** Says why the store in a folder cannot be opened or read, and what to do. */
export function explainLevel(folder: string, error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  if ((cause as { code?: string } | null)?.code === 'LEVEL_LOCKED') {
    return `Another daemon uses the store in ${folder}: stop it, or give this one a store.path of its own.`;
  }
  if (cause instanceof StoreError) {
    return `The store in ${folder} cannot be used: ${message}`;
  }
  if (/does not exist/.test(message)) {
    return (
      `The folder ${folder} holds files but no readable store (${message}): restore it from a backup, ` +
      'or move the folder away to begin with an empty store.'
    );
  }
  if (NO_ROOM.test(message)) {
    return `The store in ${folder} cannot be opened (${message}): make room on the disk and start again; nothing in the store is lost.`;
  }
  if (!existsSync(folder)) {
    return `The store in ${folder} cannot be opened (${message}): create the folder, or set store.path to one that this user can create.`;
  }
  return (
    `The store in ${folder} cannot be opened (${message}): fix what it names, restore the folder from a backup, ` +
    'or move it away to begin with an empty store.'
  );
}
