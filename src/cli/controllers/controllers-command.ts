import { span } from '../../format.js';
import type { ControllerRow } from '../../store/shared/controller-rows.ts';
import { SharedDatabase } from '../../store/shared/shared-database.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { printable, textTable } from '../terminal/terminal-text.ts';

const HEAD = ['CONTROLLER', 'ROLE', 'SINCE', 'EPOCH', 'VERSION', 'CONFIG', 'SEEN', ''];

/**
 * Prints the controllers of the config's database, which is asked directly: it works where no daemon runs. Throws a
 * ConfigError, a UsageError and a StoreError.
 */
export async function controllersCommand(
  { config: path, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const { url, lease } = readConfig(path, terminal).config.store;
  if (url === undefined)
    throw new UsageError(
      'The config has no store.url, so no other controller can share the store: this command is for daemons on one PostgreSQL database.',
    );
  const database = await SharedDatabase.open(url, lease);
  try {
    const [controllers, ahead] = [await database.controllers.all(), await database.aheadOf(terminal.clock)];
    if (json) terminal.out(JSON.stringify({ controllers }));
    else for (const line of linesOf(controllers, terminal.clock.now() + ahead, lease)) terminal.out(line);
  } finally {
    await database.close();
  }
  return ExitCode.ok;
}

/** `now` is on the database's clock. */
function linesOf(controllers: readonly ControllerRow[], now: number, lease: number): string[] {
  if (controllers.length === 0) return ['No controller has used this database within the last day.'];
  return textTable([HEAD, ...controllers.map((one) => rowOf(one, now, lease))]);
}

function rowOf(one: ControllerRow, now: number, lease: number): string[] {
  const { name, role, since, epoch, version, digest, seenAgo, refusal } = one;
  return [
    printable(name),
    seenAgo > lease ? 'gone' : role,
    `${span(Math.max(0, now - since))} ago`,
    epoch === null ? '' : String(epoch),
    printable(version),
    printable(digest),
    `${span(seenAgo)} ago`,
    printable(refusal ?? ''),
  ];
}
