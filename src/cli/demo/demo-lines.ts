import { topState } from '../../journal/overview.js';
import { printable } from '../terminal/terminal-text.ts';

interface LogLine {
  level?: string;
  msg?: string;
  job?: number;
  state?: string;
  host?: string | null;
  /** The line is about a VM that its job goes on without. */
  released?: boolean;
  failure?: { code: string; message: string };
}

/**
 * Turns the daemon's log into lines for a person when there is no terminal for the table: one line for each
 * state that a job enters, for each VM that is gone before its job is over, and what went wrong. `seconds` is the time
 * since the demonstration began; null for a log line that says nothing new.
 */
export class DemoLines {
  readonly #states = new Map<number, string>();

  read(line: string, seconds: number, nameOf: (job: number) => string | undefined): string | null {
    const { level, msg = '', job, state, host, released = false, failure } = parse(line);
    const time = `${seconds.toFixed(1).padStart(6)}s`;
    if (level === 'error' || level === 'fatal') return `${time}  ${level}: ${printable(msg)}`;
    const top = state === undefined ? undefined : topState(state);
    if (job === undefined || top === undefined || host === undefined) return null;
    const name = printable(nameOf(job) ?? `job ${job}`);
    const step = (from: string, to: string, why = '') =>
      `${time}  ${name.padEnd(26)} ${from.padStart(12)} → ${to.padEnd(12)} ${host ?? ''}${why}`.trimEnd();
    if (released) return top === 'done' ? step('its VM', 'removed') : null;
    const before = this.#states.get(job);
    if (before === top) return null;
    this.#states.set(job, top);
    const why = failure && top === 'tearingDown' ? `  ${failure.code}: ${printable(failure.message)}` : '';
    return step(before ?? 'new', top, why);
  }
}

/** Returns the message of a line of the log, or the whole line when it is not JSON. */
export function messageOf(line: string): string {
  return printable(parse(line).msg ?? line);
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 'error', msg: line };
  }
}
