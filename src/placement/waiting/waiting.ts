import type { BreakerView } from '../../../machines/breaker.ts';
import type { Failure } from '../../../machines/failure.ts';
import type { Proof } from '../../../machines/host.ts';
import type { Wait } from '../../journal/story/verdict.js';
import type { Cordon } from '../../store/tables/hosts/cordons.ts';
import type { UnservedJob } from './unserved-jobs.ts';

/** A queued job as the scheduler sees it. Instants in epoch ms. */
export interface QueuedJob {
  key: string;
  jobId: number;
  owner: string;
  repository: string;
  profile: string;
  queuedAt: number;
  /** Epoch ms before which it gets no VM: the pause after a failed attempt. */
  notBefore: number;
  /** Why its last attempt failed; null when none did. */
  lastFailure: Failure | null;
  /** Where its runner would be registered. */
  scope: string;
  image: string | null;
}

/** A host as the scheduler sees it. */
export interface HostRoom {
  name: string;
  acceptsJobs: boolean;
  state: string;
  failure: string | null;
  /** Epoch ms since which the host did not respond; null while it does. */
  unreachableSince: number | null;
  /** Who ordered that it gets no new job; null when nobody did. */
  cordon: Cordon | null;
  /** Epoch ms since which its agent refuses changes; null while it takes them. */
  maintenanceSince: number | null;
  /** Why it gets only one VM at a time; null when it does not. */
  proof: Proof | null;
  slots: number;
  free: number;
  /**
   * What uses its slots: jobs of ours with the instant of their grant, and VMs of others with that of their
   * creation.
   */
  holders: { what: string; doing: string | null; ours: boolean; since: number }[];
}

export interface Waiting {
  key: string;
  jobId: number;
  why: Wait['why'];
  /** One sentence for a person. */
  sentence: string;
  /** What would let it go on. */
  frees: string;
  /** Its place among the jobs that wait for a slot, from 1; null when it waits for something else. */
  position: number | null;
  /** Epoch ms at which the reason ends by itself; null when that is not known. */
  until: number | null;
}

/** One of the causes for which a job waits. */
export type Cause = Pick<Waiting, 'why' | 'sentence' | 'frees' | 'until'>;

export interface WaitingFacts {
  queued: QueuedJob[];
  hosts: HostRoom[];
  /** Breakers that are not closed. */
  breakers: BreakerView[];
  /** Images that a host pulls. */
  pulls: { host: string; image: string; progress: string | null }[];
  /** Epoch ms until which GitHub's budget has nothing left for new runners; null when it has. */
  pausedUntil: number | null;
  unserved: UnservedJob[];
  isDraining: boolean;
  labels: string[];
  /** Labels that every runner has besides its profile's own. */
  runnerLabels: readonly string[];
  now: number;
  /** Epoch ms on GitHub's clock, on which jobs are queued. */
  githubNow: number;
}
