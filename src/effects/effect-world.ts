import type { JobObservation } from '../../machines/job/observation.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Profile } from '../config/profile.ts';
import type { GitHub } from '../github/github.ts';
import type { GuestLogin } from '../guest/guest-session.ts';
import type { GuestOptions } from '../guest/open-guest.ts';
import type { Pulls } from '../hosts/pulls.ts';
import type { ImageRollouts } from '../images/image-rollouts.ts';
import type { BaseVms } from '../upkeep/bases/base-vms.ts';
import type { PendingCreates } from './pending-creates.ts';
import type { ImageNotes } from './runner/image-notes.ts';
import type { RunnerSecrets } from './runner/runner-secrets.ts';

export interface GuestAccess {
  user: string;
  password: string | null;
  privateKey: string | null;
  /** Milliseconds for connection, banner and login together. */
  connectTimeout: number;
  installPath: string;
}

/** Everything that effects may use: the agents, GitHub, the guests, and what this process remembers. */
export interface EffectWorld {
  clock: Clock;
  github: GitHub;
  guest: GuestAccess;
  /** Logs in, or returns an open login. Rejects with GUEST_* failures. */
  openGuest(options: GuestOptions): Promise<GuestLogin>;
  runnerGroup: string;
  /** Milliseconds for one image pull. */
  pullTimeout: number;
  pulls: Pulls;
  /**
   * The present name of a repository, by its name in the config: a runner that registers itself follows no
   * redirect.
   */
  currentName(fullName: string): string;
  /** Milliseconds added to the lifetime of a warm VM, since it may wait that long for a job. */
  warmMaxAge: number;
  /** Rejects with HOST_UNKNOWN when the config has no such host (any more). */
  agent(host: string): AgentClient;
  /** Rejects with PROFILE_UNKNOWN when the config has no such label (any more). */
  profile(label: string): Profile;
  secrets: RunnerSecrets;
  creates: PendingCreates;
  imageNotes: ImageNotes;
  bases: BaseVms;
  rollouts: Pick<ImageRollouts, 'wanted' | 'saw' | 'asks' | 'referenceFor'>;
  /** Passes on what an effect saw of a job; it is handled like every other observation (law 6). */
  observe(observation: JobObservation): void;
  /** Resolves when the evidence of a failed attempt's VM is saved; within seconds, never rejects. */
  evidenceSaved(vmName: string): Promise<void>;
  /** Shows people what an effect is doing; not stored. */
  progress(vmName: string, text: string | null): void;
}
