import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import type { StorePlace } from '../../src/store/open-store.ts';
import { ELSEWHERE } from './fill-store.ts';

export const BENCH_SECRET = 'the-webhook-secret-of-the-bench';

export interface BenchConfig {
  path: string;
  store: StorePlace;
  webhookUrl: string;
  adminUrl: string;
}

/**
 * A configuration in webhook mode whose host ELSEWHERE does not respond, nor its GitHub unless one is given:
 * jobs there do not change during a bench. The store is a folder, or the database of `url`.
 */
export async function writeBenchConfig(
  folder: string,
  macUrls: readonly string[],
  { githubUrl, url }: { githubUrl?: string; url?: string | undefined } = {},
): Promise<BenchConfig> {
  const [admin, webhook, nobody] = [await port(), await port(), await port()];
  const hosts = [
    ...macUrls.map((url, n) => [`mac-${n + 1}`, url]),
    [ELSEWHERE, `http://127.0.0.1:${nobody}/v1`],
  ];
  const store = url === undefined ? { path: join(folder, 'store') } : { url };
  const path = join(folder, 'config.json');
  const config = {
    github: {
      api_url: githubUrl ?? `http://127.0.0.1:${nobody}`,
      token: 'a-token-for-nobody',
      owner: 'acme',
      repository: 'app',
      webhook_secret: BENCH_SECRET,
    },
    hosts: hosts.map(([name, base_url]) => ({ name, base_url, token: SIMULATED_AGENT_TOKEN })),
    controller: { id: 'bench', mode: 'webhook', webhook_listen: `127.0.0.1:${webhook}`, gc_interval: '1h' },
    runner: { ssh_user: 'admin', ssh_password: 'admin' },
    labels: { mac: { image: 'ghcr.io/acme/macos:latest' } },
    timeouts: { host_lost: '24h' },
    store,
    admin: { listen: `127.0.0.1:${admin}` },
  };
  await writeFile(path, JSON.stringify(config));
  return {
    path,
    store,
    webhookUrl: `http://127.0.0.1:${webhook}/webhook`,
    adminUrl: `http://127.0.0.1:${admin}`,
  };
}

const port = () => freePort(Math.random);
