import { existsSync, renameSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import type { Engine } from '../engine.ts';
import { StoreError } from '../store-error.ts';
import {
  markImporting,
  markMoved,
  markUsable,
  problemOf,
  type StoreState,
  stateOf,
} from '../store-format.ts';
import { engineRows } from './engine-rows.ts';
import { readExportFile, writeExportFile } from './export-file.ts';
import { digestOf, type MovedRow, type RowDigest } from './row-digest.ts';
import { removeRows, writeRows } from './write-rows.ts';

/** What is moved: another store, or a file. */
export interface MoveSource {
  /** For people. */
  place: string;
  state: StoreState;
  rows(): AsyncIterable<MovedRow>;
  /** Throws a StoreError when its rows cannot be moved, before anything is changed. */
  confirm(): Promise<unknown>;
  /** Marks it as moved: no daemon starts with it any more. */
  leave(to: string): Promise<unknown>;
}

/** Returns a store that this process has opened, so that no daemon uses it. */
export async function storeSource(engine: Engine, clock: Clock): Promise<MoveSource> {
  const at = clock.now();
  return {
    place: engine.place,
    state: await stateOf(engine),
    rows: () => engineRows(engine, at),
    confirm: () => Promise.resolve(),
    leave: (to) => markMoved(engine, to),
  };
}

/** Returns a file of `exportStore`; it is renamed after the import. */
export function fileSource(file: string): MoveSource {
  return {
    place: file,
    state: { is: 'usable' },
    rows: () => readExportFile(file),
    confirm: () => digestOf(readExportFile(file)),
    leave: async () => renameSync(file, `${file}.imported`),
  };
}

/**
 * Moves everything into an open store that has no rows, or those of a move that did not end. What arrived is read
 * again and compared with what was sent; only then the source is marked, and after that the target may be used.
 * So there is never a moment at which daemons could start with both. Throws a StoreError.
 */
export async function importStore(source: MoveSource, target: Engine): Promise<RowDigest> {
  const before = await stateOf(target);
  await confirmTarget(target, before);
  confirmSource(source, before.is === 'importing' && isLeftFor(source, target.place));
  await source.confirm();
  await markImporting(target, source.place);
  await removeRows(target);
  const sent = await writeRows(target, source.rows());
  const arrived = await digestOf(engineRows(target, 0));
  if (String(sent) !== String(arrived)) {
    throw new StoreError(
      `${target.place} does not have what was sent (${sent.rows} rows, checksum ${sent.checksum}; it has ${arrived.rows}, ${arrived.checksum}). ${source.place} is unchanged: check the disk of the target, and try again.`,
    );
  }
  await source.leave(target.place);
  await markUsable(target);
  return arrived;
}

/** Moves everything from an open store into a new file, which is read again before the store is marked. */
export async function exportStore(engine: Engine, file: string, clock: Clock): Promise<RowDigest> {
  const source = await storeSource(engine, clock);
  if (existsSync(file)) throw new StoreError(`${file} exists: name a file that does not.`);
  const part = `${file}.part`;
  // An earlier export to this file marked the store as moved, and ended before the file had its name.
  confirmSource(source, existsSync(part) && isLeftFor(source, file));
  const sent = await writeExportFile(part, engine.place, source.rows());
  const arrived = await digestOf(readExportFile(part));
  if (String(sent) !== String(arrived))
    throw new StoreError(`${part} does not have what was written: check the disk.`);
  await source.leave(file);
  renameSync(part, file);
  return arrived;
}

async function confirmTarget(target: Engine, state: StoreState): Promise<void> {
  if (state.is === 'importing') return;
  const problem = problemOf(state);
  if (problem !== null) throw new StoreError(`The store in ${target.place} cannot be used: ${problem}`);
  for await (const { table } of engineRows(target, 0)) {
    throw new StoreError(
      `The store in ${target.place} has records already (${table}): import into one that has none.`,
    );
  }
}

const isLeftFor = ({ state }: MoveSource, target: string) => state.is === 'moved' && state.to === target;

/** `isResumed`: the source may be marked as moved, since the move to this target did not end. */
function confirmSource({ place, state }: MoveSource, isResumed: boolean): void {
  if (isResumed) return;
  if (state.is === 'new') throw new StoreError(`${place} has no store to move.`);
  const problem = problemOf(state);
  if (problem !== null) throw new StoreError(`The store in ${place} cannot be moved: ${problem}`);
}
