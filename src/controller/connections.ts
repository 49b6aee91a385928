import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { AgentClient } from '../agent/agent-client.ts';
import type { AgentSender } from '../agent/agent-sender.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { resolveAgentToken } from '../config/sources/agent-token.ts';
import { createGitHub, type GitHub } from '../github/github.ts';
import type { Receiver } from '../notices/receiver.ts';
import { connectReceivers } from './connect-receivers.ts';
import type { Ports } from './ports.ts';
import { proxyFor } from './proxy-for.ts';

/** The outside systems of a config, with their credentials. */
export interface Connections {
  agents: Agents['byHost'];
  tokens: Agents['tokens'];
  github: GitHub;
  receivers: Receiver[];
}

/**
 * The agents and GitHub, as the config names them; nothing is sent yet. Rejects with a ConfigError when a
 * token or a key cannot be read.
 */
export async function connect(
  config: Pick<Config, 'hosts' | 'github' | 'notify'>,
  {
    env,
    clock,
    log,
    ports,
  }: { env: NodeJS.ProcessEnv; clock: Clock; log: Logger; ports: Pick<Ports, 'agentSender' | 'fetch'> },
): Promise<Connections> {
  const { byHost: agents, tokens } = await connectAgents(config, env, clock, ports.agentSender);
  const github = connectGitHub(config, { clock, env, log, fetch: ports.fetch });
  const receivers = await connectReceivers(config, env, ports.fetch);
  return { agents, tokens, github, receivers };
}

interface GitHubConnection {
  clock: Clock;
  env: NodeJS.ProcessEnv;
  log?: Logger;
  /** Used when there is no proxy. */
  fetch?: typeof fetch;
}

export interface Agents {
  byHost: ReadonlyMap<string, AgentClient>;
  /**
   * Kept separately, since they are redacted from everything that a host says about a guest before it is
   * stored.
   */
  tokens: readonly string[];
}

/**
 * The agents of the config's hosts. Rejects with a ConfigError when one has no token. Tokens are looked up in
 * parallel, since each may come from a slow command.
 */
export async function connectAgents(
  { hosts }: Pick<Config, 'hosts'>,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  newSender: () => AgentSender,
): Promise<Agents> {
  const tokens = await Promise.all(hosts.map((host) => resolveAgentToken(host, env)));
  const clients = hosts.map(({ name, base_url: baseUrl }, index): [string, AgentClient] => [
    name,
    new AgentClient({ name, baseUrl, token: tokens[index] ?? '', clock, sender: newSender() }),
  ]);
  return { byHost: new Map(clients), tokens };
}

/**
 * GitHub with the credentials of the config, through the proxy of the environment. Throws a ConfigError when
 * the App's key cannot be read, or when the value of a proxy variable is not a proxy.
 */
export function connectGitHub(
  { github }: Pick<Config, 'github'>,
  { clock, env, log, fetch: send }: GitHubConnection,
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
  const proxy = proxyFor(github.api_url, env);
  return createGitHub({ apiUrl: github.api_url, auth, clock, log, proxy, ...(send && { fetch: send }) });
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
