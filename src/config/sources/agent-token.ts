import { ConfigError } from '../config-error.ts';
import type { HostConfig } from '../schema.ts';
import { agentTokenProblem } from '../sections/agent-keys.ts';
import { type Environment, tokenVariable } from './environment.ts';
import { readSecretFile, runSecretCommand, UnreadableSecret } from './read-secret.ts';

/**
 * Returns the token for the agent of a host: the one in the config, else in its token file, else what its
 * token command prints. A token from the environment is in the config already, since loading put it there.
 * Rejects with a ConfigError that says how to get a token; neither the token nor anything that the command
 * printed is ever in it.
 */
export async function resolveAgentToken(
  host: HostConfig,
  env: Environment,
  timeoutMs?: number,
): Promise<string> {
  if (host.token !== undefined) return checked(host, 'token', host.token);
  const { token_file: file, token_command: command } = host;
  if (file !== undefined) return read(host, 'token_file', () => readSecretFile(file, 'token'));
  if (command !== undefined)
    return read(host, 'token_command', () => runSecretCommand(command, 'token', env, timeoutMs));
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

/** Reads a token; what is wrong with it is said of its key. */
async function read(host: HostConfig, key: string, token: () => string | Promise<string>): Promise<string> {
  try {
    return checked(host, key, await token());
  } catch (error) {
    throw error instanceof UnreadableSecret ? tokenError(host, key, error.message) : error;
  }
}

function tokenError({ name }: HostConfig, key: string, message: string): ConfigError {
  return new ConfigError([{ path: `${key} of the host "${name}"`, message }]);
}
