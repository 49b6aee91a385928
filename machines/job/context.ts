import type { Failure } from '../failure.ts';

/** In the only order in which a job's status may move (law 6). */
export const JOB_STATUSES = ['waiting', 'queued', 'in_progress', 'completed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/**
 * The id of the placeholder where there is no job: in a warm VM that waits for its first job, in a VM whose job went on
 * in another actor, and in an adopted VM.
 */
export const NO_JOB = 0;

/** The runner that GitHub gave a job to. */
export interface TakenBy {
  runner: string;
  /** Its name has the form that this controller gives. */
  isOurs: boolean;
}

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
  /** What the run was started for; null where GitHub does not say. */
  commit: string | null;
  branch: string | null;
  labels: string[];
  /** The key under `labels` in the config that this job selected. */
  profile: string;
  status: JobStatus;
  conclusion: string | null;
  /** The runner that took it; null while none did, as far as is known. */
  takenBy: TakenBy | null;
  /** Epoch ms. */
  queuedAt: number;
  /** How many VMs this job had: those that were made for it, and those that came to it by an exchange. */
  attempt: number;
  /** How many of them failed because of our code, the host or the image. */
  attemptsFailed: number;
  /** Runners of this job that were online and got no job from GitHub. */
  runnersUnused: number;
  /** VMs of this job in a row that ended without running it, whatever the cause. */
  vmsInVain: number;
  /** Why the last attempt ended; null before the first, and when nothing failed. */
  lastFailure: Failure | null;
  /** Epoch ms before which the job gets no VM (the pause between attempts). */
  notBefore: number;
  /** An operator wants to look into the VM in which it fails; null without such an order. */
  holdOrder: HoldOrder | null;
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

/** For which job and which of its attempts a VM was made. It never changes, while jobs move between VMs. */
export interface MadeFor {
  jobId: number;
  attempt: number;
}

/** The image of a VM: the reference under which it is configured, and the digest of what that reference meant. */
export interface VmImage {
  reference: string;
  digest: string;
}

export type Address = { host: string; port: number };

/** Why a hold ended, or did not begin. */
export const HOLD_ENDS = [
  'over',
  'released',
  'jobWaits',
  'otherHeld',
  'hostClosed',
  'hostLost',
  'vmGone',
  'runnerLeft',
] as const;
export type HoldEnd = (typeof HOLD_ENDS)[number];

/** An operator's order to keep the VM in which this job fails. It moves with the job (law 4). */
export interface HoldOrder {
  by: string;
  /** Epoch ms. */
  at: number;
  /** Milliseconds. */
  lasts: number;
}

/** A VM that is kept after its attempt or job failed, so that a person can look into it. It stays with its VM. */
export interface Hold {
  /** The job that failed in the VM, or whose attempt failed there. */
  jobId: number;
  /** Who ordered it; null where `hold_failed` of the label did. */
  by: string | null;
  /** Epoch ms of the order, or of the failure. */
  at: number;
  /** Milliseconds. */
  lasts: number;
  /** Epoch ms at which the hold ends. */
  until: number;
  /** Epoch ms beyond which no order extends it. */
  latest: number;
  /** Where the agent forwards the VM's screen sharing; null while it does not. */
  vnc: Address | null;
  /** Null while the hold lasts or is still to begin. */
  ended: HoldEnd | null;
}

/** The VM of this actor: stays with it in an exchange. */
export interface Vm {
  name: string;
  host: string;
  /** The profile that it was made with. */
  profile: string;
  /** Null where the agent alone knows which digest the tag of the image had. */
  image: VmImage | null;
  madeFor: MadeFor;
  /** Numbers reserved for the names of this VM and its runners; those from `next` to `last` are still free. */
  numbers: { next: number; last: number };
  id: string | null;
  /** SSH address as this daemon reaches it. */
  address: Address | null;
  /** SHA-256 of the guest's host key, pinned at the first login of this VM's life. */
  hostKey: string | null;
  runnerVersion: string | null;
  /** Epoch ms on our clock at which the agent powers the VM off; null until it runs or when it has no lifetime. */
  expiresAt: number | null;
  /** Epoch ms until which a create with an unknown outcome may still make this VM. */
  mayAppearUntil: number;
}

/** The VM of a guest, and the host key of the first login, by which a later login recognizes it. */
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
  /** Epoch ms until which a registration with an unknown outcome may still appear. */
  mayAppearUntil: number;
  /** Its removal failed for so long that it is left to the collector. */
  isLeft: boolean;
  /** What ended it or its VM. It may have cost a job that is only heard of afterwards. */
  loss: Failure | null;
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

/** The progress of the present phase. Instants are absolute, so that a restart does not extend them (law 8). */
export interface Phase extends Retry {
  enteredAt: number;
  deadlineAt: number;
}

export interface JobContext {
  job: Job;
  vm: Vm | null;
  runner: Runner | null;
  phase: Phase;
  /**
   * In the teardown the VM, the runner and the question for the job have their own retries; those of the VM are in
   * `phase`.
   */
  runnerRemoval: Retry;
  jobCheck: Retry;
  /** Why the present attempt ends, or how the last one ended. */
  failure: Failure | null;
  /** Epoch ms of GitHub's first word that our job is still queued while the guest works on one; null without it. */
  otherJobSince: number | null;
  /** Of a VM that is to be held, is held or was held; null for every other VM. */
  hold: Hold | null;
}

export const NO_RETRY: Retry = { tries: 0, nextTryAt: 0, lastFailure: null };

/** Throws where a state was entered without a value that an earlier state must have found: a fault of ours. */
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

/** The job after a further observation: its status never moves back, and its first conclusion stays (law 6). */
export function withLaterStatus(job: Job, status: JobStatus, conclusion: string | null = null): Job {
  const isLater = JOB_STATUSES.indexOf(status) > JOB_STATUSES.indexOf(job.status);
  return { ...job, status: isLater ? status : job.status, conclusion: job.conclusion ?? conclusion };
}

/** The job that GitHub is asked for, and the runner of ours that may have it. */
export function jobRefOf(context: JobContext) {
  const { id, owner, repository } = context.job;
  return { owner, repository, jobId: id, runnerName: runnerOf(context).name };
}
