/** The state of the world when a store was written, as plain data. Instants in epoch ms. */
export interface StoredWorld {
  /** The commit of the daemon that wrote the store. */
  commit: string;
  /** When that daemon was killed. */
  at: number;
  /** By key: its job (0: none), its state, and the name of its VM. */
  records: Record<string, { job: number; state: string; vm: string | null }>;
  /** Jobs that have ended for the daemon, and how. */
  settled: Record<string, 'done' | 'failed' | 'taken' | 'cancelled'>;
  /** Jobs that are known only from a delivery that was kept for the next start. */
  delivered: number[];
  /** Keys of records in quarantine. */
  quarantined: string[];
  /** Attempts with stored evidence. */
  evidence: { job: number; attempt: number }[];
  /** Jobs that an operator ordered not to be served. */
  unwanted: number[];
  /** Hosts that get no new jobs. */
  cordoned: string[];
  /** Names of VMs and runners of ours that were already gone. */
  goneNames: string[];
  macs: StoredMac[];
  runners: StoredRunner[];
  jobs: StoredJob[];
}

export interface StoredMac {
  name: string;
  /** Names of VMs whose create was under way. */
  making: string[];
  vms: StoredVm[];
}

export interface StoredVm {
  id: string;
  name: string;
  state: 'stopped' | 'starting' | 'running' | 'deleted';
  ephemeral: boolean;
  lifetimeSeconds: number | null;
  expiresAt: number | null;
  cpus: number;
  /** The port at which the agent forwarded SSH; null when it did not. */
  port: number | null;
  runner: RunnerInGuest | null;
}

/** A runner that was launched in a guest. */
export interface RunnerInGuest {
  name: string;
  does: 'connects' | 'listens' | 'works' | 'lingers' | 'exited' | 'lost';
  exitCode: number | null;
  /** What it had printed. */
  log: string;
}

/** A runner as GitHub had it. */
export interface StoredRunner {
  id: number;
  name: string;
  labels: string[];
  isJit: boolean;
}

/** A job as GitHub had it, each in a run of its own. */
export interface StoredJob {
  id: number;
  run: number;
  name: string;
  labels: string[];
  createdAt: number;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: 'success' | 'failure' | 'cancelled' | null;
  /** Name of the runner that had it. */
  runner: string | null;
  /** Milliseconds of work that were left. */
  left: number;
}
