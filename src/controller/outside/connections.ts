import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { AgentClient } from '../../agent/agent-client.ts';
import type { AgentSender } from '../../agent/agent-sender.ts';
import type { Clock } from '../../clock.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/schema.ts';
import { pathText } from '../../config/sections/sections.ts';
import { resolveAgentToken } from '../../config/sources/agent-token.ts';
import { createGitHub, type GitHub } from '../../github/github.ts';
import type { Receiver } from '../../notices/receiver.ts';
import { connectReceivers } from './connect-receivers.ts';
import type { Ports } from './ports.ts';
import { proxyFor } from './proxy-for.ts';

/** The outside systems of a config, with their credentials. */
export interface Connections {
  agents: ReadonlyMap<string, AgentClient>;
  tokens: readonly string[];
  github: GitHub;
  receivers: Receiver[];
  /** The key for logins in guests, when the config names one. */
  guestKey: string | null;
  /** By key of the config, the secrets that were read from files and commands. */
  secretsRead: ReadonlyMap<string, string>;
}

interface ConnectOptions {
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  ports: Pick<Ports, 'agentSender' | 'fetch' | 'proxyFor'>;
  /** The earlier config. A connection that it shares is kept, with what it knows of GitHub's responses and budget. */
  before?: { config: Config; connections: Connections };
}

/**
 * Returns the agents and GitHub, as the config names them; nothing is sent yet. Rejects with a ConfigError when a token
 * or a key cannot be read.
 */
export async function connect(
  config: Config,
  { env, clock, log, ports, before }: ConnectOptions,
): Promise<Connections> {
  const { byHost, tokens } = await connectAgents(config, env, clock, ports.agentSender);
  const appKey = config.github.app_private_key_path;
  const guestKey = guestKeyOf(config);
  const secretsRead = new Map([
    ...config.hosts.map(({ name }, n): [string, string] => [
      pathText(['hosts', name, 'token']),
      tokens[n] ?? '',
    ]),
    ...(appKey === undefined ? [] : [['github.app_private_key_path', readKey(appKey)] as const]),
    ...(guestKey === null ? [] : [['runner.ssh_private_key_path', guestKey] as const]),
  ]);
  const github = connectGitHub(config, { clock, env, log, ports });
  const receivers = await connectReceivers(config, env, ports);
  for (const { name, url } of receivers) secretsRead.set(pathText(['notify', name, 'url']), url);
  if (!before) return { agents: byHost, tokens, github, receivers, guestKey, secretsRead };
  const { config: old, connections } = before;
  const isSame = (key: string) => connections.secretsRead.get(key) === secretsRead.get(key);
  const isSameGitHub =
    isDeepStrictEqual(accountOf(old), accountOf(config)) && isSame('github.app_private_key_path');
  const agents = config.hosts.map(({ name, base_url }): [string, AgentClient | undefined] => {
    const same = old.hosts.some((host) => host.name === name && host.base_url === base_url);
    const known = same && isSame(pathText(['hosts', name, 'token'])) && connections.agents.get(name);
    return [name, known || byHost.get(name)];
  });
  return {
    agents: new Map(agents.flatMap(([name, agent]) => (agent ? [[name, agent] as const] : []))),
    tokens,
    github: isSameGitHub ? connections.github : github,
    receivers,
    guestKey,
    secretsRead,
  };
}

/** What decides who the daemon is at GitHub. */
const accountOf = ({ github: { api_url, token, app_id, installation_id } }: Config) => [
  api_url,
  token,
  app_id,
  installation_id,
];

/**
 * Returns the key for logins in guests; null when the config names none. Throws a ConfigError when it cannot be read.
 */
export function guestKeyOf({ runner }: Pick<Config, 'runner'>): string | null {
  const path = runner.ssh_private_key_path;
  return path === undefined ? null : readKey(path, 'runner.ssh_private_key_path');
}

interface GitHubConnection {
  clock: Clock;
  env: NodeJS.ProcessEnv;
  log?: Logger;
  /** The real ones by default. */
  ports?: Pick<Ports, 'fetch' | 'proxyFor'>;
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
 * Returns the agents of the config's hosts. Rejects with a ConfigError when one has no token. Tokens are looked up in
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
  { clock, env, log, ports = { fetch, proxyFor } }: GitHubConnection,
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
  const proxy = ports.proxyFor(github.api_url, env);
  return createGitHub({ apiUrl: github.api_url, auth, clock, log, proxy, fetch: ports.fetch });
}

function readKey(path: string, key = 'github.app_private_key_path'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ path: key, message: `cannot read the private key: ${why}` }]);
  }
}
