import { span } from '../../format.js';
import { pool } from '../../store/postgres/pool.ts';
import { type ControllerView, controllerView } from '../../store/shared/controller-view.ts';
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
  const database = await SharedDatabase.open(url, lease, pool);
  try {
    const rows = await database.controllers.all();
    const controllers = rows.map((row) => controllerView(row, lease));
    const ahead = await database.aheadOf(terminal.clock);
    if (json) terminal.out(JSON.stringify({ controllers }));
    else for (const line of linesOf(controllers, terminal.clock.now() + ahead)) terminal.out(line);
  } finally {
    await database.close();
  }
  return ExitCode.ok;
}

/** `now` is on the database's clock. */
function linesOf(controllers: readonly ControllerView[], now: number): string[] {
  if (controllers.length === 0) return ['No controller has used this database within the last day.'];
  return textTable([HEAD, ...controllers.map((one) => rowOf(one, now))]);
}

function rowOf(one: ControllerView, now: number): string[] {
  const { name, role, since, epoch, version, digest, seenAgo, isGone, refusal } = one;
  return [
    printable(name),
    isGone ? 'gone' : role,
    `${span(Math.max(0, now - since))} ago`,
    epoch === null ? '' : String(epoch),
    printable(version),
    printable(digest),
    `${span(seenAgo)} ago`,
    printable(refusal ?? ''),
  ];
}
