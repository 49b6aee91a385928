import type { GitHubWorld } from '../github-world.ts';
import { Refusal } from '../refusal.ts';
import type { Repository } from '../repositories.ts';
import { Timeline } from '../timeline.ts';
import { enqueue, withdraw } from './assignment.ts';
import { cancelLease } from './job-lease.ts';
import { announceJob, changeJob, type Job, type JobSpec, type JobState, newJob, touchRun } from './jobs.ts';

export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  readonly workflow: { readonly id: number; readonly name: string; readonly path: string };
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  /** Login of who pushed. */
  readonly actor: string;
  readonly createdAt: number;
  attempt: number;
  startedAt: number;
  updatedAt: number;
  /** `updatedAt` as lists show it. */
  readonly shownUpdate: Timeline<number>;
  /** The jobs of each attempt, the first attempt's first. */
  readonly attempts: Job[][];
}

export interface WorkflowSpec {
  readonly name: string;
  readonly jobs: readonly JobSpec[];
  readonly event?: string;
  readonly branch?: string;
  readonly actor?: string;
}

/** Starts a run of a workflow: its jobs are queued, or wait for approval, from here on. */
export function pushWorkflow(world: GitHubWorld, repository: Repository, workflow: WorkflowSpec): Run {
  const now = world.clock.now();
  repository.runs += 1;
  const run: Run = {
    id: world.ids.next('run'),
    number: repository.runs,
    repository,
    workflow: {
      id: world.ids.next('workflow'),
      name: workflow.name,
      path: `.github/workflows/${workflow.name.toLowerCase().replace(/\W+/g, '-')}.yml`,
    },
    event: workflow.event ?? 'push',
    headBranch: workflow.branch ?? 'main',
    headSha: world.ids.hex(40),
    actor: workflow.actor ?? 'octocat',
    createdAt: now,
    attempt: 0,
    startedAt: now,
    updatedAt: now,
    shownUpdate: new Timeline(world.options.timings.listLag),
    attempts: [],
  };
  world.runs.set(run.id, run);
  startAttempt(
    world,
    run,
    workflow.jobs.map((spec) => ({ spec })),
  );
  return run;
}

/**
 * Runs a completed run again: all of it, or what did not succeed. Every job of the new attempt has a new id; one
 * that is carried over is announced as completed once more, under that id. 403 while the run is not completed.
 */
export function rerun(world: GitHubWorld, run: Run, { failedOnly = false } = {}): void {
  if (runStatus(world, jobStates(currentJobs(run))) !== 'completed') {
    throw new Refusal(403, 'This workflow is already running');
  }
  startAttempt(
    world,
    run,
    currentJobs(run).map(({ spec, state }) =>
      failedOnly && state.conclusion === 'success' ? { spec, carriedOver: state } : { spec },
    ),
  );
}

/** Cancels what is not over. 409 when everything is. */
export function cancelRun(world: GitHubWorld, run: Run): void {
  const open = currentJobs(run).filter(({ state }) => state.status !== 'completed');
  if (open.length === 0) throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
  for (const job of open) {
    const lease = [...world.leases.values()].find((one) => one.job === job);
    if (lease) cancelLease(world, lease);
    else withdraw(world, job);
  }
}

/** Approves the environment that a run's jobs wait for. */
export function approveRun(world: GitHubWorld, run: Run): void {
  for (const job of currentJobs(run)) {
    if (job.state.status === 'waiting') queue(world, job);
  }
}

export function currentJobs(run: Run): Job[] {
  return run.attempts.at(-1) ?? [];
}

/** The status of a run whose jobs are in these states; reports have it following either end of them. */
export function runStatus(world: GitHubWorld, states: readonly JobState[]): JobState['status'] {
  const order = ['waiting', 'queued', 'in_progress'] as const;
  const open = order.filter((status) => states.some((state) => state.status === status));
  const shown = world.options.runStatusFollows === 'leastAdvanced' ? open.at(0) : open.at(-1);
  return shown ?? 'completed';
}

/** Null while the run is not completed. */
export function runConclusion(states: readonly JobState[]): JobState['conclusion'] {
  if (states.some(({ status }) => status !== 'completed')) return null;
  const worst = (['failure', 'cancelled'] as const).find((one) =>
    states.some(({ conclusion }) => conclusion === one),
  );
  return worst ?? 'success';
}

function jobStates(jobs: readonly Job[]): JobState[] {
  return jobs.map(({ state }) => state);
}

function startAttempt(
  world: GitHubWorld,
  run: Run,
  plans: readonly { spec: JobSpec; carriedOver?: JobState }[],
): void {
  run.attempt += 1;
  run.startedAt = world.clock.now();
  touchRun(world, run);
  const jobs = plans.map(({ spec, carriedOver }) => newJob(world, run, spec, carriedOver));
  run.attempts.push(jobs);
  for (const job of jobs) {
    if (job.state.status === 'completed') announceJob(world, job, 'completed');
    else if (job.spec.needsApproval) announceWaiting(world, job);
    else queue(world, job);
  }
}

/** GitHub has been seen to announce such a job as `queued` too; only its status says that no runner is wanted yet. */
function announceWaiting(world: GitHubWorld, job: Job): void {
  announceJob(world, job, 'queued');
  announceJob(world, job, 'waiting');
}

function queue(world: GitHubWorld, job: Job): void {
  changeJob(world, job, { status: 'queued' }, 'queued');
  enqueue(world, job);
}
