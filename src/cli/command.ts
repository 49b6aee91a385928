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

/** How the process ends, in the words of sysexits.h where it has any. */
export const ExitCode = {
  ok: 0,
  /** What was asked for could not be done, or is not as it should be. */
  failed: 1,
  /** The command line cannot be understood (EX_USAGE). */
  usage: 64,
  /** The configuration cannot be used: nothing mends that but its owner (EX_CONFIG). */
  config: 78,
} as const;

/** What the command line asks for cannot be done; the message is for whoever wrote it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Errors whose message is a sentence for the operator; anything else is shown with its stack. */
const EXIT_CODES: Record<string, number> = {
  ConfigError: ExitCode.config,
  UsageError: ExitCode.usage,
  StoreError: ExitCode.failed,
  NoDaemonError: ExitCode.failed,
  DaemonError: ExitCode.failed,
};

/** Milliseconds after which a finished command no longer waits for what still holds the process. */
const PATIENCE = 3_000;

/** Runs a command and sets the exit code of this process; whatever it throws becomes a sentence on standard error. */
export async function runCommand(terminal: Terminal, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const { exitCode, message } = explain(error);
    terminal.err(message);
    process.exitCode = exitCode;
  }
  setTimeout(() => process.exit(), PATIENCE).unref();
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
