import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../../format.js';

/** A part of the store that was written and cannot be read any more. */
export interface Damage {
  /** The file's name in the store's folder. */
  file: string;
  bytes: number;
  /** In LevelDB's words. */
  why: string;
}

/** Returns what is damaged, for people. */
export const partsOf = (damage: readonly Damage[]): string =>
  damage.map(({ file, bytes, why }) => `${counted(bytes, 'byte')} of ${file} (${why})`).join(', ');

const ASIDE = 'damaged-';
const OPENING = 'opening-';

/** Returns true for names that this file creates in the store's folder and that LevelDB ignores. */
export const isKeptAside = (name: string): boolean => name.startsWith(ASIDE) || name.startsWith(OPENING);

/** Folders in the store's folder with files that were damaged when a daemon opened it. */
export function keptAside(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(ASIDE))
    .map((name) => join(folder, name))
    .sort();
}

/**
 * The log files, to which LevelDB appended what is not in a table yet. Opening the database reads them, skips
 * damaged parts with only a line in a file that nobody reads, and deletes them. So they get hard links before
 * the database is opened, which takes no space; the links are deleted once all files could be read.
 */
export class LogFiles {
  readonly #folder: string;
  /** Null when the file system has no hard links; damage is then reported, but no file is kept. */
  readonly #aside: string | null;

  /** Has to be called before the database is opened. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#aside = secondNames(folder);
  }

  /** Has to be called when the database could not be opened: its files are unchanged. */
  discard(): void {
    if (this.#aside !== null) rmSync(this.#aside, { recursive: true, force: true });
  }

  /**
   * Has to be called when the database is open. Returns what was damaged, and the folder in which the damaged
   * files are kept; `at` is epoch ms.
   */
  settle(at: number): { damage: Damage[]; kept: string | null } {
    const damage = damageIn(this.#folder);
    let kept: string | null = null;
    if (damage.length > 0 && this.#aside !== null) {
      kept = join(this.#folder, `${ASIDE}${new Date(at).toISOString().replaceAll(':', '-')}`);
      renameSync(this.#aside, kept);
    }
    // Includes those of processes that were killed while they opened the store: we hold its lock now.
    for (const name of readdirSync(this.#folder).filter((one) => one.startsWith(OPENING))) {
      rmSync(join(this.#folder, name), { recursive: true, force: true });
    }
    return { damage, kept };
  }
}

function secondNames(folder: string): string | null {
  let aside: string | null = null;
  try {
    aside = mkdtempSync(join(folder, OPENING));
    for (const name of readdirSync(folder).filter((one) => /^\d+\.log$/.test(one))) {
      linkSync(join(folder, name), join(aside, name));
    }
    return aside;
  } catch {
    if (aside !== null) rmSync(aside, { recursive: true, force: true });
    return null;
  }
}

/** What LevelDB wrote about the last opening: `…/000005.log: dropping 1024 bytes; Corruption: checksum mismatch`. */
function damageIn(folder: string): Damage[] {
  let text: string;
  try {
    text = readFileSync(join(folder, 'LOG'), 'utf8');
  } catch {
    return [];
  }
  return [...text.matchAll(/(\d+\.log): dropping (\d+) bytes; (.*)/g)].map(
    ([, file = '', bytes, why = '']) => ({ file, bytes: Number(bytes), why }),
  );
}
