import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { AgentClient } from '../agent/agent-client.ts';
import type { AgentSender } from '../agent/agent-sender.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { resolveAgentToken } from '../config/sources/agent-token.ts';
import { createGitHub, type GitHub } from '../github/github.ts';

export interface Agents {
  byHost: ReadonlyMap<string, AgentClient>;
  /** Kept apart, since what a host says of a guest is searched for them before it is kept. */
  tokens: readonly string[];
}

/** The agents of the config's hosts. Rejects with a ConfigError when one has no token. */
export async function connectAgents(
  { hosts }: Pick<Config, 'hosts'>,
  env: NodeJS.ProcessEnv,
  newSender: () => AgentSender,
): Promise<Agents> {
  const byHost = new Map<string, AgentClient>();
  const tokens: string[] = [];
  for (const host of hosts) {
    const token = await resolveAgentToken(host, env);
    tokens.push(token);
    byHost.set(
      host.name,
      new AgentClient({ name: host.name, baseUrl: host.base_url, token, sender: newSender() }),
    );
  }
  return { byHost, tokens };
}

/** GitHub with the credentials of the config. Throws a ConfigError when the App's key cannot be read. */
export function connectGitHub(
  { github }: Pick<Config, 'github'>,
  clock: Clock,
  log?: Logger,
  send?: typeof fetch,
): GitHub {
  const { token, app_id, app_private_key_path, installation_id } = github;
  const auth =
    token === undefined
      ? {
          appId: app_id ?? 0,
          privateKey: readKey(app_private_key_path ?? ''),
          installationId: installation_id ?? 0,
        }
      : { token };
  return createGitHub({ apiUrl: github.api_url, auth, clock, log, ...(send && { fetch: send }) });
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      { path: 'github.app_private_key_path', message: `cannot read the App's private key: ${why}` },
    ]);
  }
}
