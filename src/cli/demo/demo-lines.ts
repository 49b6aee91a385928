import { printable } from '../terminal/terminal-text.ts';

interface LogLine {
  level?: string;
  msg?: string;
  job?: number;
  state?: string;
  host?: string | null;
  failure?: { code: string; message: string };
}

/**
 * The daemon's log as a person reads it where no table can be drawn: one line for each state that a job enters, and
 * what went wrong. `seconds` is the time since the demonstration began; null where there is nothing to tell.
 */
export class DemoLines {
  readonly #states = new Map<number, string>();

  read(line: string, seconds: number, nameOf: (job: number) => string | undefined): string | null {
    const { level, msg = '', job, state, host, failure } = parse(line);
    const time = `${seconds.toFixed(1).padStart(6)}s`;
    if (level === 'error' || level === 'fatal') return `${time}  ${level}: ${printable(msg)}`;
    const top = state?.split(/[.,]/)[0];
    if (job === undefined || top === undefined || host === undefined) return null;
    const before = this.#states.get(job);
    if (before === top) return null;
    this.#states.set(job, top);
    const name = printable(nameOf(job) ?? `job ${job}`);
    const why = failure && top === 'tearingDown' ? `  ${failure.code}: ${printable(failure.message)}` : '';
    return `${time}  ${name.padEnd(26)} ${(before ?? 'new').padStart(12)} → ${top.padEnd(12)} ${host ?? ''}${why}`.trimEnd();
  }
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 'error', msg: line };
  }
}
