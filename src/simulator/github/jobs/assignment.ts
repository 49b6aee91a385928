import { draw } from '../../latency.ts';
import type { Alarm } from '../alarms.ts';
import type { GitHubBase } from '../github-base.ts';
import { groupAllows } from '../repositories.ts';
import { foldLabel } from '../runners/fold-label.ts';
import { groupName, isDeprecated, isRegistered, occupy, type Runner } from '../runners/runners.ts';
import type { Sessions } from '../runners/session.ts';
import type { Job } from './job.ts';
import { finishJob, type Jobs } from './job-changes.ts';

/** A job that was assigned to a runner and that the runner has not taken yet. */
export interface Assignment {
  readonly job: Job;
  readonly runner: Runner;
  /** Takes the job away when the runner does not take it in time. */
  readonly pickUp: Alarm;
}

export interface Assignments extends Jobs, Sessions {
  /** By the job's id. */
  readonly assignments: Map<number, Assignment>;
  /** False while GitHub assigns nothing: jobs stay queued although idle runners match. */
  isAssigning: boolean;
}

/**
 * Whether GitHub may give this job to this runner: the runner has every label of `runs-on`, ignoring case,
 * and is in the requested group, and may work for its repository.
 */
function mayTake(runner: Runner, job: Job): boolean {
  const { labels, group } = job.spec;
  const { repository } = job.run;
  if (job.isWithheld || (labels.length === 0 && group === null)) return false;
  const own = new Set(runner.labels.map(({ name }) => foldLabel(name)));
  if (!labels.every((label) => own.has(foldLabel(label)))) return false;
  if (group !== null && groupName(runner).toLowerCase() !== group.toLowerCase()) return false;
  const { scope } = runner;
  if (scope.kind === 'repository') return scope.repository === repository;
  const membership = scope.account.groups.find(({ id }) => id === runner.groupId);
  return (
    scope.account === repository.owner && membership !== undefined && groupAllows(membership, repository)
  );
}

/** Puts a job into the queue and, after a delay, assigns it to an idle runner that matches. */
export function enqueue(world: Assignments, job: Job): void {
  job.expiry ??= world.alarms.set(world.clock.now() + world.options.timings.queueLife, () =>
    withdraw(world, job),
  );
  world.queue.add(job);
  later(world, () => {
    if (!world.queue.has(job)) return;
    const idle = [...world.runners.values()].filter(
      (runner) => isFree(world, runner) && mayTake(runner, job),
    );
    const chosen = idle[Math.floor(world.random() * idle.length)];
    if (chosen) assign(world, job, chosen);
  });
}

/**
 * Finds, after a delay, a job for a runner that has become idle: the oldest that matches, not necessarily the
 * job for which the runner was started.
 */
export function offer(world: Assignments, runner: Runner): void {
  later(world, () => {
    if (!isFree(world, runner)) return;
    for (const job of world.queue) {
      if (mayTake(runner, job)) return assign(world, job, runner);
    }
  });
}

/** Makes GitHub assign jobs or stop assigning them; existing assignments stay. */
export function setAssigning(world: Assignments, isAssigning: boolean): void {
  world.isAssigning = isAssigning;
  if (isAssigning) offerAll(world);
}

/** Makes GitHub not assign one job, or assign it again. */
export function setWithheld(world: Assignments, job: Job, isWithheld: boolean): void {
  job.isWithheld = isWithheld;
  if (!isWithheld) offerAll(world);
}

function offerAll(world: Assignments): void {
  for (const runner of world.runners.values()) offer(world, runner);
}

/** Takes an assigned job away from a runner that has not taken it up. */
export function unassign(world: Assignments, job: Job): void {
  const assignment = world.assignments.get(job.id);
  if (!assignment) return;
  const { runner, pickUp } = assignment;
  world.assignments.delete(job.id);
  pickUp.cancel();
  world.sessions.get(runner.id)?.withdraw(job.id);
  occupy(world, runner, null);
}

/** Cancels a job that no runner has taken; a runner to which it was assigned may get the next one. */
export function withdraw(world: Assignments, job: Job): void {
  const runner = world.assignments.get(job.id)?.runner;
  unassign(world, job);
  finishJob(world, job, 'cancelled');
  if (runner) offer(world, runner);
}

function assign(world: Assignments, job: Job, runner: Runner): void {
  world.queue.delete(job);
  const until = world.clock.now() + world.options.timings.pickUp;
  const pickUp = world.alarms.set(until, () => missed(world, job, runner));
  world.assignments.set(job.id, { job, runner, pickUp });
  occupy(world, runner, job);
  world.sessions.get(runner.id)?.push({ kind: 'job', jobId: job.id });
}

/** The runner did not take the job: its session ends, and after several such misses the job is cancelled. */
function missed(world: Assignments, job: Job, runner: Runner): void {
  unassign(world, job);
  world.sessions.get(runner.id)?.close('expired');
  job.missed += 1;
  if (job.missed < world.options.pickUps) enqueue(world, job);
  else finishJob(world, job, 'cancelled');
}

function isFree(world: Assignments, runner: Runner): boolean {
  if (!world.isAssigning || !world.sessions.has(runner.id) || runner.job !== null || runner.isSpent)
    return false;
  return isRegistered(world, runner) && !isDeprecated(world, runner);
}

function later(world: GitHubBase, work: () => void): void {
  const delay = draw(world.random, world.options.timings.assignment);
  if (delay === 0) work();
  else world.alarms.set(world.clock.now() + delay, work);
}
