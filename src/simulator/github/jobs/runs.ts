import type { GitHubBase } from '../github-base.ts';
import { Refusal } from '../refusal.ts';
import type { Repository } from '../repositories.ts';
import { Timeline } from '../timeline.ts';
import { enqueue, withdraw } from './assignment.ts';
import type { Job, JobSpec, JobState, Run } from './job.ts';
import { announceJob, changeJob, type Jobs, newJob, touchRun } from './job-changes.ts';
import { cancelLease, type Leases } from './job-lease.ts';

export interface WorkflowSpec {
  readonly name: string;
  readonly jobs: readonly JobSpec[];
  readonly event?: string;
  readonly branch?: string;
  readonly actor?: string;
}

/** Starts a run of a workflow: its jobs are queued, or wait for approval. */
export function pushWorkflow(world: Leases, repository: Repository, workflow: WorkflowSpec): Run {
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
 * Starts a new attempt of a completed run: of all its jobs, or of those that did not succeed. Every job of
 * the new attempt has a new id; one that is carried over is announced as completed once more, under that id.
 * Throws 403 while the run is not completed.
 */
export function rerun(world: Leases, run: Run, { failedOnly = false } = {}): void {
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

/** Cancels the jobs that are not over. Throws 409 when all are over. */
export function cancelRun(world: Leases, run: Run): void {
  const open = currentJobs(run).filter(({ state }) => state.status !== 'completed');
  if (open.length === 0) throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
  for (const job of open) {
    const lease = [...world.leases.values()].find((one) => one.job === job);
    if (lease) cancelLease(world, lease);
    else withdraw(world, job);
  }
}

/** Approves the environment that a run's jobs wait for. */
export function approveRun(world: Leases, run: Run): void {
  for (const job of currentJobs(run)) {
    if (job.state.status === 'waiting') queue(world, job);
  }
}

export function currentJobs(run: Run): Job[] {
  return run.attempts.at(-1) ?? [];
}

/**
 * Returns the status of a run whose jobs are in these states; GitHub was seen to follow the least advanced job and the
 * most advanced one.
 */
export function runStatus(world: GitHubBase, states: readonly JobState[]): JobState['status'] {
  const progress = ['waiting', 'queued', 'in_progress'] as const;
  const open = progress.filter((status) => states.some((state) => state.status === status));
  const shown = world.options.runStatusFollows === 'leastAdvanced' ? open.at(0) : open.at(-1);
  return shown ?? 'completed';
}

/** Returns null while the run is not completed. */
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
  world: Leases,
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

/**
 * GitHub has been seen to announce such a job as `queued`, too; only its status shows that no runner is
 * wanted yet.
 */
function announceWaiting(world: Jobs, job: Job): void {
  announceJob(world, job, 'queued');
  announceJob(world, job, 'waiting');
}

function queue(world: Leases, job: Job): void {
  changeJob(world, job, { status: 'queued' }, 'queued');
  enqueue(world, job);
}
