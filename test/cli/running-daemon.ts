import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import type { AdminSource } from '../../src/http/admin/api/api-routes.ts';
import { listen } from '../../src/http/listen.ts';
import { GOOD_HEALTH } from '../support/good-health.ts';

const NOTHING: AdminSource = {
  mode: 'live',
  settled: async () => undefined,
  config: () => null,
  controllers: () => [],
  takeOvers: () => [],
  reload: null,
  recording: {
    seq: () => 0,
    durable: async () => undefined,
    async *read() {},
    seqAt: async () => 0,
    subscribe: () => () => undefined,
  },
  githubAhead: () => 0,
  job: async () => null,
  evidence: async () => null,
  run: async () => null,
  look: null,
  stats: () => ({}),
  waiting: () => ({ waiting: [], unserved: [] }),
  sources: () => ({ mode: 'both' }),
  health: () => GOOD_HEALTH,
  metrics: async () => '',
  orders: null,
  jobs: () => [],
  recent: async () => [],
  images: () => [],
  hosts: () => [],
  status: () => ({}),
  collect: async () => [],
};

/** The admin listener of a daemon without the rest of the daemon, and a config that leads to it. */
export async function runningDaemon(source: Partial<AdminSource> = {}, token: string | null = null) {
  const app = createAdminApp({
    source: { ...NOTHING, ...source },
    tokens: () => ({ token: token ?? undefined }),
    clock: systemClock,
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 }, 'admin.listen');
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-cli-'));
  const config = join(folder, 'config.json');
  /** Writes the config with this admin token, which may be a wrong one. */
  const write = (adminToken: string | null) =>
    writeFileSync(
      config,
      JSON.stringify({
        github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
        jeballto: { token: 'A'.repeat(36), base_url: 'http://127.0.0.1:1/v1' },
        labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
        admin: { listen: new URL(listener.url).host, ...(adminToken === null ? {} : { token: adminToken }) },
      }),
    );
  write(token);
  return {
    config,
    url: listener.url,
    write,
    close: listener.close,
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      rmSync(folder, { recursive: true });
    },
  };
}
