import type { Logger } from 'pino';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import type { Clock } from '../clock.ts';
import { profileOf } from '../config/profile.ts';
import type { Config } from '../config/schema.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import type { PendingCreates } from '../effects/pending-creates.ts';
import { ImageNotes } from '../effects/runner/image-notes.ts';
import type { RunnerSecrets } from '../effects/runner/runner-secrets.ts';
import { DaemonError } from '../errors.ts';
import type { GitHub } from '../github/github.ts';
import type { Pulls } from '../hosts/pulls.ts';
import type { BaseVms } from '../upkeep/bases/base-vms.ts';

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
  /** Null on a machine without the key file. */
  guestKey: string | null;
  secrets: RunnerSecrets;
  creates: PendingCreates;
  bases: BaseVms;
  rollouts: EffectWorld['rollouts'];
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
  guestKey,
  secrets,
  creates,
  bases,
  rollouts,
  currentName,
  evidenceSaved,
}: EffectWorldParts): EffectWorld {
  const { runner, timeouts } = config;
  return {
    clock,
    github,
    guest: {
      user: runner.ssh_user,
      password: runner.ssh_password,
      privateKey: guestKey,
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
    secrets,
    creates,
    imageNotes: new ImageNotes(log),
    bases,
    rollouts,
    observe,
    evidenceSaved,
    progress: (vmName, text) => (text === null ? progress.delete(vmName) : progress.set(vmName, text)),
  };
}
