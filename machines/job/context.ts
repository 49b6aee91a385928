import type { Failure } from '../failure.ts';

/** In the only order in which a job's status may move (law 6). */
export const JOB_STATUSES = ['waiting', 'queued', 'in_progress', 'completed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** The id of a job that stands in where there is none: a warm VM that waits for its first, or an adopted VM. */
export const NO_JOB = 0;

/** The part of the context that moves between actors in an exchange (law 4). */
export interface Job {
  id: number;
  runId: number;
  runAttempt: number;
  owner: string;
  repository: string;
  workflow: string;
  name: string;
  url: string;
  labels: string[];
  /** The key under `labels` in the config that this job selected. */
  profile: string;
  status: JobStatus;
  conclusion: string | null;
  /** Epoch ms. */
  queuedAt: number;
  /** Numbers already given to names of VMs and runners of this job. */
  namesTaken: number;
  /** Attempts that ended in a failure; one lost through an exchange or with its host does not count. */
  attemptsFailed: number;
  /** Epoch ms before which the scheduler leaves this job alone (the pause between attempts). */
  notBefore: number;
}

type Address = { host: string; port: number };

/** The VM of this actor: stays with it in an exchange. */
export interface Vm {
  name: string;
  host: string;
  /** The profile that it was made with. */
  profile: string;
  id: string | null;
  /** SSH address as this daemon reaches it. */
  address: Address | null;
  /** SHA-256 of the guest's host key, pinned at the first login of this VM's life. */
  hostKey: string | null;
  runnerVersion: string | null;
  /** Epoch ms at which the agent powers the VM off; null until it runs or when it has no lifetime. */
  expiresAt: number | null;
  /** Epoch ms until which a create that nobody saw end may still bring this VM into being. */
  mayAppearUntil: number;
}

/** Where a guest is and how it proves that it is the one we logged in to first. */
export interface GuestRef {
  host: string;
  vmId: string;
  address: Address;
  hostKey: string | null;
}

/** The GitHub runner of this actor: stays with its VM. */
export interface Runner {
  name: string;
  id: number | null;
  mode: 'jit' | 'token' | null;
  /** Epoch ms until which a registration that nobody saw end may still show up. */
  mayAppearUntil: number;
}

/** What GitHub's routes need to find a runner. */
export interface RunnerRef {
  owner: string;
  repository: string;
  runnerName: string;
  runnerId: number | null;
}

/** How often the present effect failed and when it is tried again. */
export interface Retry {
  tries: number;
  /** Epoch ms. */
  nextTryAt: number;
  lastFailure: Failure | null;
}

/** Where the present phase stands; instants are absolute so that no restart extends them (law 8). */
export interface Phase extends Retry {
  enteredAt: number;
  deadlineAt: number;
}

export interface JobContext {
  job: Job;
  vm: Vm | null;
  runner: Runner | null;
  phase: Phase;
  /** The teardown of VM and runner go on side by side, each with its own retries. */
  runnerRemoval: Retry;
  /** Why the present attempt ends, or how the last one ended. */
  failure: Failure | null;
  /** The job went on in another actor: when this one has torn down, nothing is left to do. */
  released: boolean;
}

export const NO_RETRY: Retry = { tries: 0, nextTryAt: 0, lastFailure: null };

/** A state was entered without what its predecessor must have found: a fault of ours that must not go on. */
function known<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`the job machine has no ${what} here`);
  return value;
}

export function vmOf(context: JobContext): Vm {
  return known(context.vm, 'VM');
}

export function vmIdOf(context: JobContext): string {
  return known(vmOf(context).id, 'VM id');
}

export function guestOf(context: JobContext): GuestRef {
  const vm = vmOf(context);
  return {
    host: vm.host,
    vmId: vmIdOf(context),
    address: known(vm.address, 'guest address'),
    hostKey: vm.hostKey,
  };
}

export function runnerOf(context: JobContext): Runner {
  return known(context.runner, 'runner');
}

export function runnerRefOf(context: JobContext): RunnerRef {
  const { owner, repository } = context.job;
  const { name, id } = runnerOf(context);
  return { owner, repository, runnerName: name, runnerId: id };
}

/** A job of which something more was seen: its status never moves back, and its conclusion stays (law 6). */
export function withLaterStatus(job: Job, status: JobStatus, conclusion: string | null = null): Job {
  const isLater = JOB_STATUSES.indexOf(status) > JOB_STATUSES.indexOf(job.status);
  return { ...job, status: isLater ? status : job.status, conclusion: job.conclusion ?? conclusion };
}
