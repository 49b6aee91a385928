import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import type { Clock } from '../clock.ts';
import { profileOf } from '../config/profile.ts';
import type { Config } from '../config/schema.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { type CreateLedger, PendingCreates } from '../effects/pending-creates.ts';
import { ImageNotes } from '../effects/runner/image-notes.ts';
import { RunnerSecrets } from '../effects/runner/runner-secrets.ts';
import { DaemonError } from '../errors.ts';
import type { GitHub } from '../github/github.ts';
import type { Pulls } from '../hosts/pulls.ts';
import { namePrefix } from '../jobs/job-policy.ts';
import { BaseVms } from '../upkeep/bases/base-vms.ts';

export interface EffectWorldParts {
  config: Config;
  clock: Clock;
  log: Logger;
  github: GitHub;
  agents: ReadonlyMap<string, AgentClient>;
  openGuest: EffectWorld['openGuest'];
  observe(observation: JobObservation): void;
  progress: Map<string, string>;
  pulls: Pulls;
  ledger: CreateLedger;
  currentName(fullName: string): string;
  evidenceSaved(vmName: string): Promise<void>;
}

/** Builds what the effects may use, from the config and the adapters. */
export function createEffectWorld({
  config,
  clock,
  log,
  github,
  agents,
  openGuest,
  observe,
  progress,
  pulls,
  ledger,
  currentName,
  evidenceSaved,
}: EffectWorldParts): EffectWorld {
  const { controller, runner, timeouts } = config;
  return {
    clock,
    github,
    guest: {
      user: runner.ssh_user,
      password: runner.ssh_password,
      privateKey: runner.ssh_private_key_path ? readFileSync(runner.ssh_private_key_path, 'utf8') : null,
      connectTimeout: runner.connect_timeout,
      installPath: runner.install_path,
    },
    openGuest,
    runnerGroup: runner.group,
    pullTimeout: timeouts.creating,
    pulls,
    currentName,
    warmMaxAge: config.controller.warm_vm_max_age,
    agent(host) {
      const client = agents.get(host);
      if (client) return client;
      throw new DaemonError(
        'HOST_UNKNOWN',
        `The config names no host "${host}" any more: add it again until its VMs are gone.`,
      );
    },
    profile: (label) => profileOf(config, label),
    secrets: new RunnerSecrets(),
    creates: new PendingCreates(clock, timeouts.create_settle, ledger),
    imageNotes: new ImageNotes(log),
    bases: new BaseVms(controller.base_vms, namePrefix(controller)),
    observe,
    evidenceSaved,
    progress: (vmName, text) => (text === null ? progress.delete(vmName) : progress.set(vmName, text)),
  };
}
