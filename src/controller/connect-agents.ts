import { AgentClient } from '../agent/agent-client.ts';
import type { AgentSender } from '../agent/agent-sender.ts';
import type { Config } from '../config/schema.ts';
import { resolveAgentToken } from '../config/sources/agent-token.ts';

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
