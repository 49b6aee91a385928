import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import type { Trouble } from './trouble.ts';
import type { Untruths } from './untruths.ts';

/** One job of a push. Durations in milliseconds. */
export interface PlannedJob {
  label: 'mac' | 'mac-large' | 'ubuntu-latest';
  lasts: number;
  conclusion: 'success' | 'failure';
  needsApproval: boolean;
}

/** One push and what people do about its run; `…After` counts from the push, null is never. */
export interface Push {
  at: number;
  /** `owner/name`; the one that every scenario has, unless it says so. */
  repository?: string;
  jobs: PlannedJob[];
  cancelAfter: number | null;
  approveAfter: number | null;
  rerunAfter: number | null;
}

/** A fault of the simulator's own kind, in force for a while. */
export interface TimedFault {
  where: string;
  at: number;
  until: number;
  fault: Fault;
}

/** Something that happens to the world. `lasts` in milliseconds. */
export type Incident = { at: number; lasts: number } & (
  | { what: 'agentQuits' | 'agentCrashes' | 'maintenance' | 'hostUnplugged'; mac: string }
  | { what: 'strangerVm'; mac: string; name: string }
  | { what: 'strangerRunner'; name: string }
  | { what: 'runnerVanishes' }
  /** A stranger's runner gets the id of one of ours, which is gone. */
  | { what: 'runnerIdPassesOn'; name: string }
  | { what: 'tagMoves'; digest: string }
  | { what: 'baseVanishes' | 'baseIsStarted' | 'vmIsPaused'; mac: string }
  | { what: 'daemonStops' | 'diskFull' | 'githubUnplugged' }
  /** Its process is stopped, or its machine sleeps, which not every machine counts. */
  | { what: 'daemonSleeps'; isCounted: boolean }
);

/** Chances in [0, 1) of each way in which a boot's runner misbehaves. */
export interface Manners {
  neverConnects: number;
  exitsEarly: number;
  staysForEver: number;
  diesInJob: number;
  clockSkewed: number;
  /** Is online and takes up nothing that it is assigned. */
  ignoresJobs: number;
}

/** Everything that a simulated run is made of; plain data, so that a run can be printed, changed and replayed. Instants are milliseconds from the beginning. */
export interface Scenario {
  seed: number;
  daemon: {
    mode: 'poll' | 'webhook' | 'both';
    pollInterval: number;
    recheckInterval: number;
    hostCheckInterval: number;
    gcInterval: number;
    idleTimeout: number;
    lifetimeSeconds: number;
    /** Warm VMs that the profiles want. */
    warm: { mac: number; 'mac-large': number };
    warmMaxAge: number;
    /** Jobs' VMs are cloned from base VMs. */
    baseVms: boolean;
    /** Of the journal and of ended jobs. */
    retention: number;
    /** Of each profile. */
    images: { mac: string; 'mac-large': string };
  };
  /** `owner/name` of the repositories that the daemon serves. */
  repositories: string[];
  /** Where runners are registered. */
  scope: 'repository' | 'organization';
  /** The system's clock on the daemon's machine: by how many milliseconds it is ahead, and to what it is set when. */
  clock: { aheadBy: number; settings: { at: number; aheadBy: number }[] };
  /** Milliseconds of the slowest write. */
  slowestWrite: number;
  /** Milliseconds of one way over a network. */
  hop: readonly [least: number, most: number];
  macs: { name: string; settings: AgentSettings }[];
  github: GitHubSettings;
  pushes: Push[];
  faults: TimedFault[];
  incidents: Incident[];
  troubles: Trouble[];
  manners: Manners;
  untruths: Untruths;
  /** Crash points at which the daemon dies, counted from the first one that the run passes. */
  crashes: number[];
  /** Milliseconds from a death to the next start, one of these each time. */
  restartsAfter: readonly number[];
  /** After this nothing new goes wrong, but for troubles. */
  calmFrom: number;
}
