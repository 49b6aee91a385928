import { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

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
