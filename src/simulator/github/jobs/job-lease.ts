import type { Alarm } from '../alarms.ts';
import type { GitHubBase } from '../github-base.ts';
import { Refusal } from '../refusal.ts';
import { removeRunner, scheduleCleanup } from '../runners/removal.ts';
import { groupName, occupy, type Runner } from '../runners/runners.ts';
import type { Session } from '../runners/session.ts';
import { type Assignments, offer } from './assignment.ts';
import type { Conclusion, Job, JobStep, StepConclusion } from './job.ts';
import { changeJob, finishJob } from './job-changes.ts';

/** A runner's claim on the job that it works on; renewed while the runner lives. */
export interface Lease {
  readonly token: string;
  readonly job: Job;
  readonly runner: Runner;
  /** Fails the job when its runner does not renew the lease. */
  lost: Alarm;
  /** Ends a cancelled job when its runner does not. */
  cancellation: Alarm | null;
}

export interface Leases extends Assignments {
  /** By the token that authorizes reports about the job. */
  readonly leases: Map<string, Lease>;
}

export interface StepReport {
  number: number;
  status: JobStep['status'];
  conclusion: StepConclusion | null;
}

/** Gives an assigned job to its runner. Throws 404 when it is not assigned to this runner. */
export function takeJob(world: Leases, session: Session, jobId: number): Lease {
  session.throwIfEnded();
  const job = world.jobs.get(jobId);
  const { runner } = session;
  const assignment = world.assignments.get(jobId);
  if (!job || assignment?.runner !== runner) throw noSuchJob();
  assignment.pickUp.cancel();
  world.assignments.delete(jobId);
  job.expiry?.cancel();
  runner.isSpent = runner.ephemeral;
  const lease: Lease = {
    token: world.ids.secret(40),
    job,
    runner,
    lost: watch(world, () => lose(world, lease)),
    cancellation: null,
  };
  world.leases.set(lease.token, lease);
  const startedAt = world.clock.now();
  const holder = {
    id: runner.id,
    name: runner.name,
    groupId: runner.groupId,
    groupName: groupName(runner),
  };
  const change = {
    status: 'in_progress',
    startedAt,
    runner: holder,
    steps: plannedSteps(job, startedAt),
  } as const;
  changeJob(world, job, change, 'in_progress');
  return lease;
}

/** The runner reports that it still works on the job. Throws 404 when the job is over. */
export function renewJob(world: Leases, token: string): void {
  const lease = leaseOf(world, token);
  lease.lost.cancel();
  lease.lost = watch(world, () => lose(world, lease));
}

export function reportStep(world: Leases, token: string, report: StepReport): void {
  const { job } = leaseOf(world, token);
  const now = world.clock.now();
  const steps = job.state.steps.map((step): JobStep => {
    if (step.number !== report.number) return step;
    return {
      ...step,
      status: report.status,
      conclusion: report.conclusion,
      startedAt: step.startedAt ?? now,
      completedAt: report.status === 'completed' ? now : null,
    };
  });
  changeJob(world, job, { steps }, null);
}

/**
 * Ends a job with the conclusion that its runner reports; an ephemeral runner has had its only job and is
 * removed. Throws 404 when the job is already over.
 */
export function completeJob(world: Leases, token: string, conclusion: Conclusion): void {
  const lease = leaseOf(world, token);
  const { runner, job } = lease;
  release(world, lease);
  finishJob(world, job, conclusion);
  if (runner.ephemeral) removeRunner(world, runner);
  else offer(world, runner);
}

/** Asks the runner to end its job; GitHub ends it by itself when the runner does not. */
export function cancelLease(world: Leases, lease: Lease): void {
  const { job, runner } = lease;
  if (job.cancelRequested) return;
  job.cancelRequested = true;
  const until = world.clock.now() + world.options.timings.cancellation;
  lease.cancellation = world.alarms.set(until, () => abandon(world, lease, 'cancelled'));
  world.sessions.get(runner.id)?.push({ kind: 'cancel', jobId: job.id });
}

/** "The self-hosted runner lost communication with the server": the job fails and is not queued again. */
function lose(world: Leases, lease: Lease): void {
  abandon(world, lease, lease.job.cancelRequested ? 'cancelled' : 'failure');
}

/** Ends a job without its runner. The runner stays on the list, since GitHub does not know its state. */
export function abandon(world: Leases, lease: Lease, conclusion: Conclusion): void {
  release(world, lease);
  finishJob(world, lease.job, conclusion);
  scheduleCleanup(world, lease.runner);
}

function release(world: Leases, lease: Lease): void {
  lease.lost.cancel();
  lease.cancellation?.cancel();
  world.leases.delete(lease.token);
  occupy(world, lease.runner, null);
}

function watch(world: GitHubBase, lose: () => void): Alarm {
  return world.alarms.set(world.clock.now() + world.options.timings.lostAfter, lose);
}

function leaseOf(world: Leases, token: string): Lease {
  const lease = world.leases.get(token);
  if (!lease) throw noSuchJob();
  return lease;
}

function noSuchJob(): Refusal {
  return new Refusal(404, 'Job not found.', { kind: 'RunnerRequestJobNotFoundException' });
}

/** GitHub adds a step of its own before and after those of the workflow. */
function plannedSteps(job: Job, now: number): JobStep[] {
  const names = ['Set up job', ...job.spec.steps.map(({ name }) => name), 'Complete job'];
  return names.map((name, index) => ({
    number: index + 1,
    name,
    status: index === 0 ? 'in_progress' : 'queued',
    conclusion: null,
    startedAt: index === 0 ? now : null,
    completedAt: null,
  }));
}
