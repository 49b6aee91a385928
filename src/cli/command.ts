import { type Clock, systemClock } from '../clock.ts';

/** What a command reads and writes; passed in, so that a test sees its output. */
export interface Terminal {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Columns of standard output; null when it is a file or a pipe. Changes with the window. */
  readonly columns: number | null;
  readonly rows: number | null;
  /** Whether standard output may hold colours. */
  readonly color: boolean;
}

/** Returns true at a terminal that shows colours, unless NO_COLOR is set (no-color.org). */
export function usesColor({ isTTY }: { isTTY?: boolean }, { NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return isTTY === true && !NO_COLOR && TERM !== 'dumb';
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  clock: systemClock,
  get columns() {
    return process.stdout.isTTY ? process.stdout.columns || 80 : null;
  },
  get rows() {
    return process.stdout.isTTY ? process.stdout.rows || 24 : null;
  },
  get color() {
    return usesColor(process.stdout, process.env);
  },
};

/**
 * Ends this process silently when the reader of its output has closed the pipe, as `jobs | head -1` does. A
 * command that waits for a signal gets SIGTERM, so that it can clean up; any other process ends at once.
 */
export function endOnClosedPipe(): void {
  let isClosed = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (isClosed) return;
      isClosed = true;
      if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
      else process.exit(ExitCode.ok);
    });
  }
}

/** Exit codes of this program; where sysexits.h has a number for a case, that number is used. */
export const ExitCode = {
  ok: 0,
  /** The command failed, or it found something wrong. */
  failed: 1,
  /** The command line is wrong (EX_USAGE). */
  usage: 64,
  /** The configuration cannot be used: a restart does not help until its owner fixes it (EX_CONFIG). */
  config: 78,
} as const;

/** The command line asks for something impossible; the message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Errors whose message is a sentence for the operator; any other error is shown with its stack. */
const EXIT_CODES: Record<string, number> = {
  ConfigError: ExitCode.config,
  UsageError: ExitCode.usage,
  StoreError: ExitCode.failed,
  NoDaemonError: ExitCode.failed,
  DaemonError: ExitCode.failed,
};

/** Milliseconds after which the process ends although something, such as a socket, still keeps it alive. */
const EXIT_GRACE_MS = 3_000;

/**
 * Runs a command and sets the exit code of this process. An error of the command is written to standard
 * error.
 */
export async function runCommand(terminal: Terminal, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const { exitCode, message } = explain(error);
    terminal.err(message);
    process.exitCode = exitCode;
  }
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}

function explain(error: unknown): { exitCode: number; message: string } {
  if (!(error instanceof Error)) return { exitCode: ExitCode.failed, message: String(error) };
  const exitCode = EXIT_CODES[error.name] ?? ExitCode.failed;
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return { exitCode, message: `Port ${port} is taken: choose another with --port.` };
  }
  return { exitCode, message: error.name in EXIT_CODES ? error.message : (error.stack ?? error.message) };
}
