import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import type { PlannedControllers } from './controllers/planned-controllers.ts';
import type { Trouble } from './trouble.ts';
import type { Untruths } from './untruths.ts';

/** One job of a push. Durations in milliseconds. */
export interface PlannedJob {
  label: 'mac' | 'mac-large' | 'ubuntu-latest';
  lasts: number;
  conclusion: 'success' | 'failure';
  needsApproval: boolean;
}

/** One push and what people do about its run; `…After` counts from the push, null means never. */
export interface Push {
  at: number;
  /** `owner/name`; by default the repository that every scenario has. */
  repository?: string;
  jobs: PlannedJob[];
  cancelAfter: number | null;
  approveAfter: number | null;
  rerunAfter: number | null;
}

/** One of the simulator's faults, active for a while. */
export interface TimedFault {
  where: string;
  at: number;
  until: number;
  fault: Fault;
}

/** Something that happens to the world. `lasts` in milliseconds. */
export type Incident = { at: number; lasts: number } & (
  | { what: 'agentQuits' | 'agentCrashes' | 'maintenance' | 'hostUnplugged'; mac: string }
  /** An operator orders that a Mac gets no jobs for as long as this lasts, and `what` becomes of those that are there. */
  | { what: 'cordon' | 'drain' | 'uncordon'; mac: string }
  /** An operator orders that the VM of a job is held for so long, or released; `which` chooses among the live ones. */
  | { what: 'hold' | 'release'; which: number }
  | { what: 'strangerVm'; mac: string; name: string }
  | { what: 'strangerRunner'; name: string }
  | { what: 'runnerVanishes' }
  /** A runner of another party gets the id of one of ours, which is gone. */
  | { what: 'runnerIdPassesOn'; name: string }
  | { what: 'tagMoves'; digest: string }
  | { what: 'baseVanishes' | 'baseIsStarted' | 'vmIsPaused'; mac: string }
  | { what: 'daemonStops' | 'diskFull' | 'githubUnplugged' }
  /** The daemon's process is stopped, or its machine sleeps; not every machine's clock counts that time. */
  | { what: 'daemonSleeps'; isCounted: boolean }
);

/** Chances in [0, 1) that the runner of a boot misbehaves in each way, in the first hours. */
export interface Manners {
  neverConnects: number;
  exitsEarly: number;
  staysForEver: number;
  diesInJob: number;
  clockSkewed: number;
  /** It is online and never takes an assigned job. */
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
    /** Number of warm VMs that each profile wants. */
    warm: { mac: number; 'mac-large': number };
    warmMaxAge: number;
    /** For how long the VMs of failed attempts and jobs are held, in milliseconds; null for not at all. */
    holdFailed: number | null;
    /** Jobs' VMs are cloned from base VMs. */
    baseVms: boolean;
    /** Retention of the journal and of ended jobs, in milliseconds. */
    retention: number;
    /** The image of each profile. */
    images: { mac: string; 'mac-large': string };
  };
  /** `owner/name` of the repositories that the daemon serves. */
  repositories: string[];
  /** Where runners are registered. */
  scope: 'repository' | 'organization';
  /** The system's clock on the daemon's machine: milliseconds by which it is ahead, and later settings. */
  clock: { aheadBy: number; settings: { at: number; aheadBy: number }[] };
  /** Milliseconds of the slowest write. */
  slowestWrite: number;
  /** Milliseconds of one direction over a network. */
  hop: readonly [least: number, most: number];
  macs: { name: string; settings: AgentSettings }[];
  github: GitHubSettings;
  pushes: Push[];
  faults: TimedFault[];
  incidents: Incident[];
  troubles: Trouble[];
  manners: Manners;
  untruths: Untruths;
  /** Numbers of the crash points at which the daemon dies, counted from the first one that the run passes. */
  crashes: number[];
  /** Milliseconds from a death to the next start, used in turn. */
  restartsAfter: readonly number[];
  /** Several controllers on one database; without it one daemon with a disk of its own. */
  controllers?: PlannedControllers;
  /** After this, nothing new goes wrong except for troubles. */
  calmFrom: number;
}
