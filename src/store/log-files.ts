import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A part of the store that was written and cannot be read any more. */
export interface Damage {
  /** The file's name in the store's folder. */
  file: string;
  bytes: number;
  /** In LevelDB's words. */
  why: string;
}

const ASIDE = 'damaged-';
const OPENING = 'opening-';

/** True for what this file makes in the store's folder, and LevelDB leaves alone. */
export const isKeptAside = (name: string): boolean => name.startsWith(ASIDE) || name.startsWith(OPENING);

/** Folders in the store's folder with files that were damaged when a daemon opened it. */
export function keptAside(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(ASIDE))
    .map((name) => join(folder, name))
    .sort();
}

/**
 * The files to which LevelDB appended what is not in a table yet. Opening reads them, skips what is damaged with a line
 * in a file of its own that nobody reads, and deletes them. So they get a second name before the database is opened,
 * which costs no room, and are deleted after all of them could be read.
 */
export class LogFiles {
  readonly #folder: string;
  /** Null where the file system has no second names; then damage is told and nothing is kept. */
  readonly #aside: string | null;

  /** Called before the database is opened. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#aside = secondNames(folder);
  }

  /** Called when the database could not be opened: its files are as they were. */
  discard(): void {
    if (this.#aside !== null) rmSync(this.#aside, { recursive: true, force: true });
  }

  /** Called when the database is open: returns what was damaged, and the folder in which the files of that are kept. */
  settle(at: number): { damage: Damage[]; kept: string | null } {
    const damage = damageIn(this.#folder);
    let kept: string | null = null;
    if (damage.length > 0 && this.#aside !== null) {
      kept = join(this.#folder, `${ASIDE}${new Date(at).toISOString().replaceAll(':', '-')}`);
      renameSync(this.#aside, kept);
    }
    // Those of processes that were killed while they opened the store are among them: now it is ours.
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
