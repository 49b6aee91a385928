import type { Waiting } from '../../placement/why-waiting.ts';
import { adminAddress, askDaemon } from '../admin-client.ts';
import { ExitCode, type Terminal } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { listenForStop } from '../stop-signals.ts';
import { type JobsAnswer, jobRows } from '../terminal/job-rows.ts';
import { Redraw } from '../terminal/redraw.ts';
import { printable, textTable } from '../terminal/terminal-text.ts';

/** Milliseconds between two refreshes. */
const REFRESH_MS = 1_000;

export interface Screen {
  write(text: string): void;
  columns: number;
  rows: number;
}

/** Shows the jobs of the running daemon until Ctrl-C; a daemon that restarts is asked again until it answers. */
export async function watchCommand(
  { config }: { config?: string },
  terminal: Terminal,
  screen: Screen = {
    write: (text) => void process.stdout.write(text),
    columns: process.stdout.columns ?? 120,
    rows: process.stdout.rows ?? 40,
  },
): Promise<number> {
  const daemon = adminAddress(readConfig(config, terminal).config);
  const { clock } = terminal;
  const stop = listenForStop({ signals: ['SIGINT', 'SIGTERM'], clock, force: (code) => process.exit(code) });
  const ended = new AbortController();
  void stop.first.then(() => ended.abort());
  const redraw = new Redraw((text) => screen.write(text));
  try {
    while (!ended.signal.aborted) {
      try {
        const jobs = (await askDaemon(daemon, 'GET', '/api/jobs')) as JobsAnswer;
        const { waiting } = (await askDaemon(daemon, 'GET', '/api/waiting')) as { waiting: Waiting[] };
        redraw.draw(watchLines(jobs, waiting, clock.now(), screen));
      } catch (error) {
        redraw.draw([printable(error instanceof Error ? error.message : String(error))]);
      }
      await clock.sleepUntil(clock.now() + REFRESH_MS, ended.signal).catch(() => undefined);
    }
  } finally {
    redraw.end();
    stop.release();
  }
  return ExitCode.ok;
}

/** As many lines as fit on the screen: live jobs first, each that waits with its reason. */
export function watchLines(
  answer: JobsAnswer,
  waiting: Waiting[],
  now: number,
  { columns, rows }: Pick<Screen, 'columns' | 'rows'>,
): string[] {
  const why = new Map(waiting.map((one) => [String(one.jobId), one]));
  const table = jobRows(answer, now).map((row) => {
    const reason = why.get(row[0] ?? '');
    return reason ? [...row.slice(0, -1), printable(reason.sentence)] : row;
  });
  const { jobs, beyond = 0 } = answer;
  const queued = waiting.filter(({ position }) => position !== null).length + beyond;
  const head = `jeballto-runner  ${new Date(now).toTimeString().slice(0, 8)}  ${jobs.length + beyond} live, ${queued} queued`;
  return [head, '', ...textTable(table)].slice(0, rows - 1).map((line) => line.slice(0, columns));
}
