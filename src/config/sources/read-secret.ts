import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { span } from '../../format.js';
import type { Environment } from './environment.ts';

/** Milliseconds; long enough for a person to confirm that the command may read the Keychain. */
const COMMAND_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** A secret that cannot be read. The message is a sentence about its key, without any part of the secret. */
export class UnreadableSecret extends Error {}

/** Returns the secret in a file that holds nothing else. `what`: such as "token". Throws an UnreadableSecret. */
export function readSecretFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnreadableSecret(`names ${path}, which cannot be read (${code}): put the ${what} there.`);
  }
}

/** Returns the secret that a program prints, which runs without a shell. Rejects with an UnreadableSecret. */
export async function runSecretCommand(
  command: string[],
  what: string,
  env: Environment,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<string> {
  const [program = '', ...args] = command;
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
  try {
    const { stdout } = await promisify(execFile)(program, args, { env: { ...env }, ...limits });
    return stdout.trim();
  } catch (error) {
    // Only the code of the error is used: its message contains the arguments, and its output may be the secret.
    const why = whyFailed(error as { code?: string | number; killed?: boolean }, what, timeoutMs);
    throw new UnreadableSecret(
      `names the program ${program}, which ${why}: run it by hand to see the reason.`,
    );
  }
}

function whyFailed(
  { code, killed }: { code?: string | number; killed?: boolean },
  what: string,
  timeoutMs: number,
): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed far more than a ${what}`;
  if (killed) return `did not end within ${span(timeoutMs)}`;
  if (typeof code === 'number') return `ended with exit code ${code}`;
  return code ? `could not be run (${code})` : 'was ended by a signal';
}
