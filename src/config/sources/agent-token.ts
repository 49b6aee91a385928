import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { span } from '../../format.js';
import { ConfigError } from '../config-error.ts';
import type { HostConfig } from '../schema.ts';
import { agentTokenProblem } from '../sections/agent-keys.ts';
import { type Environment, tokenVariable } from './environment.ts';

/** Milliseconds; long enough for a person to confirm that the command may read the Keychain. */
const COMMAND_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/**
 * Returns the token for the agent of a host: the one in the config, else in its token file, else what its
 * token command prints. A token from the environment is in the config already, since loading put it there.
 * Rejects with a ConfigError that says how to get a token; neither the token nor anything that the command
 * printed is ever in it.
 */
export async function resolveAgentToken(
  host: HostConfig,
  env: Environment,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<string> {
  if (host.token !== undefined) return checked(host, 'token', host.token);
  if (host.token_file !== undefined) return checked(host, 'token_file', readTokenFile(host, host.token_file));
  if (host.token_command !== undefined) {
    return checked(host, 'token_command', await runTokenCommand(host, host.token_command, env, timeoutMs));
  }
  const variable = host.name === 'local' ? 'JEBALLTO_TOKEN' : tokenVariable(host.name);
  throw tokenError(
    host,
    'token',
    `is missing. The agent keeps its token in the macOS Keychain, where no other program can read it, so it cannot be discovered: copy it from the agent's menu bar ("Copy API Token") and give it as token, token_file or token_command of this host, or in the environment variable ${variable}.`,
  );
}

function checked(host: HostConfig, key: string, token: string): string {
  const problem = agentTokenProblem(token);
  if (problem) throw tokenError(host, key, problem);
  return token;
}

function readTokenFile(host: HostConfig, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw tokenError(
      host,
      'token_file',
      `names ${path}, which cannot be read (${code}): put the token there.`,
    );
  }
}

async function runTokenCommand(
  host: HostConfig,
  command: string[],
  env: Environment,
  timeoutMs: number,
): Promise<string> {
  const [program = '', ...args] = command;
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
  try {
    const { stdout } = await promisify(execFile)(program, args, { env: { ...env }, ...limits });
    return stdout.trim();
  } catch (error) {
    // Only the code of the error is used: its message contains the arguments, and its output may be the token.
    const why = whyFailed(error as { code?: string | number; killed?: boolean }, timeoutMs);
    throw tokenError(
      host,
      'token_command',
      `names the program ${program}, which ${why}: run it by hand to see the reason.`,
    );
  }
}

function whyFailed(
  { code, killed }: { code?: string | number; killed?: boolean },
  timeoutMs: number,
): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed far more than a token';
  if (killed) return `did not end within ${span(timeoutMs)}`;
  if (typeof code === 'number') return `ended with exit code ${code}`;
  return code ? `could not be run (${code})` : 'was ended by a signal';
}

function tokenError({ name }: HostConfig, key: string, message: string): ConfigError {
  return new ConfigError([{ path: `${key} of the host "${name}"`, message }]);
}
