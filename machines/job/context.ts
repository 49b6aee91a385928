import type { Failure } from '../failure.ts';

/** In the only order in which a job's status may move (law 6). */
export const JOB_STATUSES = ['waiting', 'queued', 'in_progress', 'completed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/**
 * The id of a job that stands in where there is none: for a warm VM that waits for its first, a VM whose job went on
 * elsewhere, or an adopted VM.
 */
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
  /** VMs that were made for this job so far. */
  attempt: number;
  /** Those of them that our code, the host or the image spoiled. */
  attemptsFailed: number;
  /** Runners of this job that were online and got no job from GitHub. */
  runnersUnused: number;
  /** Why the last attempt ended; null before the first, and when it ended by nobody's fault. */
  lastFailure: Failure | null;
  /** Epoch ms before which the job gets no VM (the pause between attempts). */
  notBefore: number;
}

/** Where runners are registered: with one repository, or with an organization for all its repositories. */
export type RunnerScope =
  | { kind: 'repository'; owner: string; repository: string }
  | { kind: 'organization'; owner: string };

/** Where a runner for a job of this repository is registered. */
export function runnerScopeOf(
  kind: RunnerScope['kind'],
  { owner, repository }: Pick<Job, 'owner' | 'repository'>,
): RunnerScope {
  return kind === 'organization' ? { kind, owner } : { kind, owner, repository };
}

export function isSameScope(a: RunnerScope, b: RunnerScope): boolean {
  const repository = (scope: RunnerScope) => (scope.kind === 'repository' ? scope.repository : null);
  return a.owner === b.owner && repository(a) === repository(b);
}

/** For which job a VM was made, and as which of its attempts: fixed, while jobs move between VMs. */
export interface MadeFor {
  jobId: number;
  attempt: number;
}

type Address = { host: string; port: number };

/** The VM of this actor: stays with it in an exchange. */
export interface Vm {
  name: string;
  host: string;
  /** The profile that it was made with. */
  profile: string;
  madeFor: MadeFor;
  /** Numbers that were reserved for names of this VM and its runners: those from `next` to `last` are left. */
  numbers: { next: number; last: number };
  id: string | null;
  /** SSH address as this daemon reaches it. */
  address: Address | null;
  /** SHA-256 of the guest's host key, pinned at the first login of this VM's life. */
  hostKey: string | null;
  runnerVersion: string | null;
  /** Epoch ms on our clock at which the agent powers the VM off; null until it runs or when it has no lifetime. */
  expiresAt: number | null;
  /** Epoch ms until which a create that nobody saw end may still bring this VM into being. */
  mayAppearUntil: number;
}

/** Which VM a guest is in, and how it proves that it is the one we logged in to first. */
export interface GuestRef {
  host: string;
  vmId: string;
  hostKey: string | null;
}

/** The GitHub runner of this actor: stays with its VM. */
export interface Runner {
  name: string;
  /** Where it is registered; a later change of the config moves only runners to come. */
  scope: RunnerScope;
  id: number | null;
  mode: 'jit' | 'token' | null;
  /** Epoch ms until which a registration that nobody saw end may still show up. */
  mayAppearUntil: number;
  /** GitHub refused its removal for so long that it is left to the collector. */
  isLeft: boolean;
}

/** What GitHub's routes need to find a runner. */
export interface RunnerRef {
  scope: RunnerScope;
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
  /** VM and runner are removed, and GitHub is asked for the job, side by side: each with its own retries. */
  runnerRemoval: Retry;
  jobCheck: Retry;
  /** Why the present attempt ends, or how the last one ended. */
  failure: Failure | null;
  /** Epoch ms of GitHub's first word that our job is still queued while the guest works on one; null without it. */
  otherJobSince: number | null;
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
  return { host: vm.host, vmId: vmIdOf(context), hostKey: vm.hostKey };
}

export function runnerOf(context: JobContext): Runner {
  return known(context.runner, 'runner');
}

export function runnerRefOf(context: JobContext): RunnerRef {
  const { scope, name, id } = runnerOf(context);
  return { scope, runnerName: name, runnerId: id };
}

/** A job of which something more was seen: its status never moves back, and its conclusion stays (law 6). */
export function withLaterStatus(job: Job, status: JobStatus, conclusion: string | null = null): Job {
  const isLater = JOB_STATUSES.indexOf(status) > JOB_STATUSES.indexOf(job.status);
  return { ...job, status: isLater ? status : job.status, conclusion: job.conclusion ?? conclusion };
}

/** Which job GitHub is asked for, and which runner of ours may have it. */
export function jobRefOf(context: JobContext) {
  const { id, owner, repository } = context.job;
  return { owner, repository, jobId: id, runnerName: runnerOf(context).name };
}
