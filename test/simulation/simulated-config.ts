import { type Config, configSchema } from '../../src/config/schema.ts';
import { apiUrl } from '../../src/simulator/github/github-base.ts';
import { SSH_PASSWORD } from './memory-mac.ts';
import { AGENT_TOKEN, GITHUB_TOKEN, type SimulatedWorld, WEBHOOK_SECRET } from './simulated-world.ts';

/** The database of several controllers. */
const DATABASE = 'postgres://simulated/jobs';

/** The config file of the simulated daemon, as it is now. */
export function simulatedConfig({ scenario, github, configEdits }: SimulatedWorld): Config {
  const { daemon } = scenario;
  const edits = [...configEdits];
  const macs = scenario.macs.filter(
    ({ name }) => !edits.some((edit) => edit.how === 'hostRemoved' && edit.mac === name),
  );
  const isLimited = edits.some(({ how }) => how === 'limitsChanged');
  // The config refuses more warm VMs than the hosts can run.
  const room = edits.length > 0 ? macs.length : Infinity;
  const isRemoved = (label: string) =>
    edits.some((edit) => edit.how === 'labelRemoved' && edit.label === label);
  const profile = {
    lifetime_seconds: daemon.lifetimeSeconds,
    ...(daemon.holdFailed !== null && { hold_failed: `${daemon.holdFailed}ms` }),
  };
  const [owner, repository] = (scenario.repositories[0] ?? '').split('/');
  const ms = (value: number) => `${value}ms`;
  return configSchema.parse({
    github: {
      api_url: apiUrl(github),
      token: GITHUB_TOKEN,
      owner,
      repository,
      repositories: scenario.repositories.slice(1),
      webhook_secret: WEBHOOK_SECRET,
    },
    hosts: macs.map(({ name }) => ({ name, base_url: `http://${name}.test:8011/v1`, token: AGENT_TOKEN })),
    controller: {
      mode: daemon.mode,
      poll_interval: ms(daemon.pollInterval),
      recheck_interval: ms(daemon.recheckInterval),
      host_check_interval: ms(daemon.hostCheckInterval),
      gc_interval: ms(daemon.gcInterval),
      vm_idle_timeout: ms(daemon.idleTimeout),
      warm_vm_max_age: ms(daemon.warmMaxAge),
      base_vms: daemon.baseVms,
      ...(isLimited && { max_concurrent_vms: 1, poll_interval: '20s', vm_idle_timeout: '90s' }),
    },
    store: {
      retention: ms(daemon.retention),
      ...(scenario.controllers && { url: DATABASE, lease: ms(scenario.controllers.lease) }),
    },
    runner: { ssh_password: SSH_PASSWORD, scope: scenario.scope },
    labels: {
      ...(!isRemoved('mac') && {
        mac: { ...profile, image: daemon.images.mac, warm: Math.min(daemon.warm.mac, room) },
      }),
      ...(!isRemoved('mac-large') && {
        'mac-large': {
          ...profile,
          image: daemon.images['mac-large'],
          cpu: 8,
          warm: edits.length > 0 ? 0 : daemon.warm['mac-large'],
        },
      }),
    },
  });
}
