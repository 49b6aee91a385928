import type { JobObservation } from '../../machines/job/observation.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Profile } from '../config/profile.ts';
import type { GitHub } from '../github/github.ts';
import type { RunnerScope } from '../github/runners/runner-scope.ts';
import type { GuestLogin } from '../guest/guest-session.ts';
import type { GuestOptions } from '../guest/open-guest.ts';
import type { BaseVms } from '../upkeep/bases/base-vms.ts';
import type { PendingCreates } from './pending-creates.ts';
import type { RunnerSecrets } from './runner/runner-secrets.ts';

export interface GuestAccess {
  user: string;
  password: string | null;
  privateKey: string | null;
  /** Milliseconds for connection, banner and login together. */
  connectTimeout: number;
  installPath: string;
}

/** Everything that effects may touch: the two systems, the guests, and what this process remembers. */
export interface EffectWorld {
  clock: Clock;
  github: GitHub;
  guest: GuestAccess;
  /** Logs in, or shares a login that is there. Rejects with GUEST_* failures. */
  openGuest(options: GuestOptions): Promise<GuestLogin>;
  runnerGroup: string;
  /** Milliseconds for one image pull. */
  pullTimeout: number;
  /** Milliseconds for which a warm VM may stand by before its lifetime counts. */
  warmMaxAge: number;
  /** Rejects with HOST_UNKNOWN when the config has no such host (any more). */
  agent(host: string): AgentClient;
  /** Rejects with PROFILE_UNKNOWN when the config has no such label (any more). */
  profile(label: string): Profile;
  scope(owner: string, repository: string): RunnerScope;
  secrets: RunnerSecrets;
  creates: PendingCreates;
  bases: BaseVms;
  /** Where an effect saw a job: the same way as every other observation (law 6). */
  observe(observation: JobObservation): void;
  /** Resolves when what a failed attempt's VM has to tell is saved; within seconds, never rejects. */
  evidenceSaved(vmName: string): Promise<void>;
  /** What a person watching wants to know meanwhile; not a record. */
  progress(vmName: string, text: string | null): void;
}
