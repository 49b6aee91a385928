import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';

export interface DiscoveredAgent {
  /** The agent's own config file. */
  file: string;
  /** Null when the file has no usable address. */
  baseUrl: string | null;
}

const agentFile = z.object({
  api: z.object({ host: z.string().default('0.0.0.0'), port: z.int().min(1).max(65_535).default(8011) }),
});

/**
 * Returns the address of an agent that the same user runs on this Mac; null when there is no config file of an agent.
 * Never returns the agent's token: the agent keeps it in the Keychain, and an `api.token` in an old file is no longer
 * valid.
 */
export function discoverAgent(homeDir: string): DiscoveredAgent | null {
  const file = join(homeDir, 'Library', 'Application Support', 'Jeballto', 'config.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const parsed = agentFile.safeParse(readJson(text));
  return { file, baseUrl: parsed.success ? baseUrl(parsed.data.api) : null };
}

/** A wildcard means "every interface", which cannot be called; `localhost` may resolve to IPv6 for this process. */
function baseUrl({ host, port }: { host: string; port: number }): string | null {
  const callable = { '0.0.0.0': '127.0.0.1', '::': '::1', localhost: '127.0.0.1' }[host] ?? host;
  const version = isIP(callable);
  return version === 0 ? null : `http://${version === 6 ? `[${callable}]` : callable}:${port}/v1`;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
