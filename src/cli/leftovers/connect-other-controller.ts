import type { Clock } from '../../clock.ts';
import { matchProfile } from '../../config/profile.ts';
import type { Config } from '../../config/schema.ts';
import { createEffectWorld } from '../../controller/create-effect-world.ts';
import { connectAgents, connectGitHub, guestKeyOf } from '../../controller/outside/connections.ts';
import { realPorts } from '../../controller/outside/ports.ts';
import { servedScopes } from '../../controller/served-scopes.ts';
import { type CreateLedger, PendingCreates } from '../../effects/pending-creates.ts';
import { RunnerSecrets } from '../../effects/runner/runner-secrets.ts';
import { Pulls } from '../../hosts/pulls.ts';
import { NO_ROLLOUTS } from '../../images/no-rollouts.ts';
import { jobPolicy, namePrefix } from '../../jobs/job-policy.ts';
import { createLog } from '../../log.ts';
import { BaseVms } from '../../upkeep/bases/base-vms.ts';
import { OtherController } from '../../upkeep/other-controller.ts';

interface Connection {
  controller: OtherController;
  /** Ends the connections to the agents. */
  close(): Promise<void>;
}

/**
 * Connects to the hosts and the GitHub of this config, to find the VMs and runners of another controller.
 * `config.controller` holds the id and the prefix of that controller. Rejects with a ConfigError when a host
 * has no token.
 */
export async function connectOtherController(
  config: Config,
  { env, clock }: { env: NodeJS.ProcessEnv; clock: Clock },
): Promise<Connection> {
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const { byHost } = await connectAgents(config, env, clock, realPorts.agentSender);
  const close = async () => {
    for (const agent of byHost.values()) await agent.close();
  };
  const pulls = new Pulls({
    agent: (host) => world.agent(host),
    clock,
    log,
    timeout: config.timeouts.creating,
    onChange: () => undefined,
    onEnd: () => undefined,
  });
  const world = createEffectWorld({
    config,
    clock,
    log,
    github: connectGitHub(config, { clock, env }),
    agents: byHost,
    openGuest: realPorts.openGuest,
    observe: () => undefined,
    progress: new Map(),
    pulls,
    guestKey: guestKeyOf(config),
    secrets: new RunnerSecrets(),
    creates: new PendingCreates(clock, () => config.timeouts.create_settle, NOTHING_SENT),
    bases: new BaseVms(config.controller.base_vms, namePrefix(config.controller)),
    rollouts: NO_ROLLOUTS,
    currentName: (fullName) => fullName,
    evidenceSaved: async () => undefined,
  });
  const policy = jobPolicy(config);
  const { repositories, scopes } = servedScopes(config);
  const controller = new OtherController({
    world,
    policy,
    namePrefix: policy.namePrefix,
    clock,
    hosts: config.hosts.map(({ name }) => name),
    scopes,
    repositories,
    profileFor: (labels) => matchProfile(labels, config.labels, config.runner.labels),
  });
  return { controller, close };
}

/** This command never creates a VM. */
const NOTHING_SENT: CreateLedger = {
  put: () => {
    throw new Error('a command that only removes was about to create something');
  },
  delete: () => undefined,
  sentAt: () => null,
  uptimeAtSend: () => null,
  durable: () => Promise.resolve(),
};
