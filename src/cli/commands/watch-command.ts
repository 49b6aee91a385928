import { sleepFor } from '../../clock.ts';
import { clock } from '../../format.js';
import { adminAddress } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { listenForStop } from '../stop-signals.ts';
import { Redraw } from '../terminal/redraw.ts';
import { cut, printable } from '../terminal/terminal-text.ts';
import { askForJobs, type JobsAnswer, jobsJson, jobsLines } from './jobs-command.ts';

/** Milliseconds between two refreshes. */
const REFRESH_MS = 1_000;

/**
 * Shows the jobs of the running daemon until Ctrl-C; a daemon that restarts is asked again until it answers.
 * Without a terminal it prints the table, or a line of JSON, whenever something changes.
 */
export async function watchCommand(
  { config, json }: { config?: string; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const stop = listenForStop({
    signals: ['SIGINT', 'SIGTERM'],
    clock: terminal.clock,
    force: (code) => process.exit(code),
  });
  const ended = new AbortController();
  void stop.first.then(() => ended.abort());
  const redraw = terminal.rows === null || json ? null : new Redraw((text) => process.stdout.write(text));
  let before = '';
  try {
    while (!ended.signal.aborted) {
      const { key, lines } = await look(() => askForJobs(daemon), terminal, json ?? false);
      if (redraw) redraw.draw(lines);
      else if (key !== before) for (const line of lines) terminal.out(line);
      before = key;
      await sleepFor(terminal.clock, REFRESH_MS, ended.signal).catch(() => undefined);
    }
  } finally {
    redraw?.end();
    stop.release();
  }
  return ExitCode.ok;
}

/** The lines to show, and a key that is the same as long as only the time has changed. */
async function look(
  ask: () => Promise<JobsAnswer>,
  terminal: Terminal,
  json: boolean,
): Promise<{ key: string; lines: string[] }> {
  try {
    const answer = await ask();
    const lines = json ? [jobsJson(answer)] : watchLines(answer, terminal);
    return { key: jobsJson(answer), lines };
  } catch (error) {
    const message = printable(error instanceof Error ? error.message : String(error));
    const line = terminal.columns === null ? message : cut(message, terminal.columns);
    return { key: message, lines: [json ? JSON.stringify({ error: message }) : line] };
  }
}

/** Returns as many lines as fit on the screen: live jobs first, each that waits with its reason. */
export function watchLines(
  answer: JobsAnswer,
  terminal: Pick<Terminal, 'clock' | 'columns' | 'rows' | 'color'>,
): string[] {
  const { jobs, beyond } = answer.jobs;
  const queued = answer.waiting.waiting.filter(({ position }) => position !== null).length + beyond;
  const head = `jeballto-runner  ${clock(terminal.clock.now())}  ${jobs.length + beyond} live, ${queued} queued`;
  const rows = terminal.rows === null ? undefined : terminal.rows - 3;
  return [head, '', ...jobsLines(answer, terminal, rows)];
}
