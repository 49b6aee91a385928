import type { StorePlace } from '../../store/open-store.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Not a secret, since it protects only a simulation. The agent wants at least 32 characters. */
export const SIMULATED_AGENT_TOKEN = 'simulated-agent-token-0123456789abcdef';

export const SIMULATED_REPOSITORY = 'acme/app';

export interface WorldConfigOptions {
  world: SimulatedWorld;
  agentToken: string;
  webhookSecret: string;
  webhookListen: string;
  adminListen: string;
  store: StorePlace;
}

/**
 * Returns the content of a `config.json` that points the daemon at a simulated world, at a pace that a person can
 * watch.
 */
export function worldConfig({
  world,
  agentToken,
  webhookSecret,
  webhookListen,
  adminListen,
  store,
}: WorldConfigOptions) {
  const [owner, repository] = SIMULATED_REPOSITORY.split('/');
  return {
    github: {
      api_url: world.github.url,
      token: 'simulated-github-token',
      owner,
      repository,
      webhook_secret: webhookSecret,
    },
    hosts: world.macs.map(({ url }, index) => ({
      name: `mac-${index + 1}`,
      base_url: url,
      token: agentToken,
    })),
    controller: {
      id: 'demo',
      mode: 'both',
      poll_interval: '2s',
      recheck_interval: '2s',
      webhook_listen: webhookListen,
      vm_idle_timeout: '10s',
      gc_interval: '2s',
      host_check_interval: '1s',
    },
    runner: { ssh_user: 'admin', ssh_password: 'admin', install_path: '~/actions-runner' },
    labels: {
      'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' },
      'jeballto-macos-large': { image: 'ghcr.io/jeballto/macos-ci:latest', cpu: 8, memory: '16GB' },
    },
    timeouts: {
      creating: '60s',
      starting: '30s',
      ssh_ready: '30s',
      probing: '20s',
      jit_config: '20s',
      runner_online: '30s',
      completion_grace: '5s',
      retire_window: '2s',
      create_settle: '3s',
      host_lost: '15s',
    },
    store,
    admin: { listen: adminListen },
    log: { level: 'info', format: 'json' },
  };
}

/** Returns the command that pushes a workflow at a simulated GitHub. */
export function pushExample(
  gitHubUrl: string,
  { repository = SIMULATED_REPOSITORY, label = 'jeballto-macos' } = {},
): string {
  const workflow = { repository, jobs: [{ name: 'Unit tests', labels: [label], steps: ['uname -a'] }] };
  return `curl ${gitHubUrl}/_sim/workflows -d '${JSON.stringify(workflow)}'`;
}
