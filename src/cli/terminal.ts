import { type Clock, systemClock } from '../clock.ts';

/** What a command has around it; passed in, so that a test reads what it says. */
export interface Terminal {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  env: NodeJS.ProcessEnv;
  clock: Clock;
}

/** This process's own. */
export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  clock: systemClock,
};
