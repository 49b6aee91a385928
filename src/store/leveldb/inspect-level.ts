import { constants, copyFileSync, linkSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import type { Clock } from '../../clock.ts';
import { countRecords, type RecordCounts } from '../count-records.ts';
import { openStore } from '../open-store.ts';
import { StoreError } from '../store-error.ts';
import { type Damage, keptAside, partsOf } from './log-files.ts';
import { damagedTables } from './table-checksums.ts';

export interface FolderInspection extends RecordCounts {
  /** What the next start could not read of the files. */
  damage: Damage[];
  /** Folders with files that earlier starts could not read. */
  kept: string[];
}

const DATA = /^(?:CURRENT|MANIFEST-\d+|\d+\.(?:log|ldb|sst))$/;

/**
 * Reports the state of a store without changing it. LevelDB cannot open a store read-only, so this opens hard
 * links to its files in a temporary folder, or copies where links are impossible. It takes the store's own
 * lock, so that a daemon that has the store open is noticed, with the same StoreError as from `openStore`.
 */
export async function inspectLevel(path: string, clock: Clock): Promise<FolderInspection> {
  const folder = resolve(path);
  const copy = mkdtempSync(join(tmpdir(), 'jeballto-store-'));
  const damage: Damage[] = [];
  const log = pino(
    { level: 'error', base: null },
    { write: (line) => void damage.push(...((JSON.parse(line) as { damage?: Damage[] }).damage ?? [])) },
  );
  try {
    for (const name of readdirSync(folder)) {
      if (name === 'LOCK') symlinkSync(join(folder, name), join(copy, name));
      if (DATA.test(name)) linkOrCopy(join(folder, name), join(copy, name));
    }
    damage.push(...damagedTables(copy));
    const retention = Number.MAX_SAFE_INTEGER;
    const store = await openStore({ path: copy, compared: 0, retention, clock, log });
    const records = await countRecords(store);
    await store.close();
    return { ...records, damage, kept: keptAside(folder) };
  } catch (error) {
    const { message, cause } = error as Error;
    const isHeld = (cause as { cause?: { code?: string } } | undefined)?.cause?.code === 'LEVEL_LOCKED';
    if (damage.length > 0 && !isHeld) {
      throw new StoreError(
        `The store in ${folder} is damaged: ${partsOf(damage)} cannot be read, and it cannot be opened. Restore the folder from a backup, or move it away to begin with an empty store.`,
      );
    }
    if (error instanceof StoreError) throw new StoreError(message.replaceAll(copy, folder), { cause });
    throw new StoreError(
      `The store in ${folder} cannot be read (${message}): change the owner of its files.`,
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function linkOrCopy(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch {
    try {
      copyFileSync(file, name, constants.COPYFILE_FICLONE);
    } catch (error) {
      // A daemon that has the store open deletes files; its lock is checked next.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
