import { parse } from 'pg-connection-string';
import { migrate } from '../../store/postgres/migration/migrate.ts';
import { placeOf } from '../../store/postgres/place-of.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { readUrlFile } from './url-file.ts';

export interface MigrateOptions {
  config?: string;
  /** A file with the address of the owner; that of the config by default. */
  urlFile?: string;
  /** The role of the daemon; by default the user of the config's address, when the owner is another one. */
  role?: string;
  json?: boolean;
}

/**
 * Makes or changes the tables of the database of a config, and lets the role of the daemon use them. Throws a
 * ConfigError, a UsageError and a StoreError.
 */
export async function migrateCommand(options: MigrateOptions, terminal: Terminal): Promise<number> {
  const { url } = readConfig(options.config, terminal).config.store;
  if (url === undefined) {
    throw new UsageError('The config has no store.url, and the folder of store.path needs no migration.');
  }
  const owner = options.urlFile === undefined ? url : readUrlFile(options.urlFile);
  if (placeOf(owner) !== placeOf(url)) {
    terminal.err(`The config names ${placeOf(url)}; ${placeOf(owner)} is migrated.`);
  }
  const daemon = parse(url).user || null;
  const role = options.role ?? (daemon !== (parse(owner).user || null) ? daemon : null);
  const { from, to } = await migrate(owner, role);
  if (options.json) {
    terminal.out(JSON.stringify({ place: placeOf(owner), from, to, role }));
    return ExitCode.ok;
  }
  const changed = from === to ? `already has version ${to}` : `has version ${to} now (before: ${from})`;
  terminal.out(`${placeOf(owner)} ${changed}.`);
  if (role !== null) terminal.out(`The role ${role} may use its tables.`);
  return ExitCode.ok;
}
