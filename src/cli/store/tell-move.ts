import { type Logger, pino } from 'pino';
import { counted } from '../../format.js';
import type { RowDigest } from '../../store/move/row-digest.ts';
import type { Terminal } from '../command.ts';

/** What the opening of a store reports, such as damage, as lines of standard error. */
export function moveLog(terminal: Terminal): Logger {
  return pino({ base: null }, { write: (line) => terminal.err((JSON.parse(line) as { msg: string }).msg) });
}

export function tellMove(
  { rows, tables, checksum }: RowDigest,
  from: string,
  to: string,
  json: boolean,
  terminal: Terminal,
): void {
  if (json) {
    terminal.out(JSON.stringify({ from, to, rows, tables, checksum }));
    return;
  }
  for (const [table, count] of Object.entries(tables)) terminal.out(`${String(count).padStart(10)} ${table}`);
  terminal.out(
    `${counted(rows, 'row')} moved from ${from} to ${to}; number and checksum (${checksum}) were compared. ${from} is not used any more.`,
  );
}
