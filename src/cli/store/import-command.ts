import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Engine } from '../../store/engine.ts';
import { fileSource, importStore, storeSource } from '../../store/move/move-store.ts';
import { openEngine } from '../../store/open-store.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { moveLog, tellMove } from './tell-move.ts';
import { readUrlFile } from './url-file.ts';

export interface ImportOptions {
  config?: string;
  /** A file with the address of the database to import from. */
  urlFile?: string;
  json?: boolean;
}

/**
 * Moves everything from another store, or from a file of `store export`, into the store of a config. Throws a
 * ConfigError, a UsageError and a StoreError.
 */
export async function importCommand(
  given: string | undefined,
  { config, urlFile, json }: ImportOptions,
  terminal: Terminal,
): Promise<number> {
  const { store } = readConfig(config, terminal).config;
  const options = { clock: terminal.clock, log: moveLog(terminal) };
  const opened: Engine[] = [];
  const open = async (place: Parameters<typeof openEngine>[0]) => {
    const engine = await openEngine(place);
    opened.push(engine);
    return engine;
  };
  try {
    // The source first: a target that cannot be filled is not made.
    const source = await openSource(given, urlFile, (place) => open({ ...place, ...options }), terminal);
    const target = await open({ ...store, ...options });
    const moved = await importStore(source, target);
    tellMove(moved, source.place, target.place, json === true, terminal);
  } finally {
    for (const engine of opened.reverse()) await engine.close();
  }
  return ExitCode.ok;
}

async function openSource(
  given: string | undefined,
  urlFile: string | undefined,
  open: (place: { path: string } | { url: string }) => Promise<Engine>,
  { clock }: Terminal,
) {
  if ((given === undefined) === (urlFile === undefined)) {
    throw new UsageError(
      'Name one source: the folder of a store, a file of "store export", or --url-file FILE.',
    );
  }
  if (urlFile !== undefined) return storeSource(await open({ url: readUrlFile(urlFile) }), clock);
  const path = resolve(given ?? '');
  if (!existsSync(path))
    throw new UsageError(`There is no ${path}: name the folder of a store, or a file of "store export".`);
  return statSync(path).isDirectory() ? storeSource(await open({ path }), clock) : fileSource(path);
}
