import { Timeline } from '../timeline.ts';
import { announce, type Webhooks } from '../webhooks/deliveries.ts';
import type { Conclusion, Job, JobSpec, JobState, JobStatus, JobStep, Run } from './job.ts';

/** Runs and their jobs. */
export interface Jobs extends Webhooks {
  readonly runs: Map<number, Run>;
  readonly jobs: Map<number, Job>;
  /** Queued and not assigned, oldest first. */
  readonly queue: Set<Job>;
}

/** Returns a new job of a run's current attempt, not yet announced. */
export function newJob(world: Jobs, run: Run, spec: JobSpec, state: Partial<JobState> = {}): Job {
  const now = world.clock.now();
  const id = world.ids.next('job');
  const job: Job = {
    id,
    run,
    attempt: run.attempt,
    spec,
    createdAt: now,
    state: {
      status: 'waiting',
      conclusion: null,
      startedAt: now,
      completedAt: null,
      runner: null,
      steps: [],
      ...state,
    },
    shown: new Timeline(world.options.timings.listLag),
    missed: 0,
    cancelRequested: false,
    isWithheld: false,
    expiry: null,
  };
  world.jobs.set(id, job);
  job.shown.record(now, job.state);
  return job;
}

/** Changes a job and, when `action` names one, sends the webhooks. */
export function changeJob(world: Jobs, job: Job, change: Partial<JobState>, action: JobStatus | null): void {
  const now = world.clock.now();
  job.state = { ...job.state, ...change };
  job.shown.record(now, job.state);
  touchRun(world, job.run);
  if (action !== null) announceJob(world, job, action);
}

/** Records that something of the run changed. */
export function touchRun(world: Jobs, run: Run): void {
  run.updatedAt = world.clock.now();
  run.shownUpdate.record(run.updatedAt, run.updatedAt);
}

/** Sends webhooks with the present state of a job. */
export function announceJob(world: Jobs, job: Job, action: JobStatus): void {
  announce(world, job.run.repository, { event: 'workflow_job', action, job, state: job.state });
}

/** Ends a job and closes its open steps. The caller removes it from its runner. */
export function finishJob(world: Jobs, job: Job, conclusion: Conclusion): void {
  const completedAt = world.clock.now();
  job.expiry?.cancel();
  world.queue.delete(job);
  const steps = job.state.steps.map((step): JobStep => {
    if (step.status === 'completed') return step;
    const open = conclusion === 'cancelled' ? 'cancelled' : 'skipped';
    const startedAt = step.startedAt ?? completedAt;
    return { ...step, status: 'completed', conclusion: open, startedAt, completedAt };
  });
  changeJob(world, job, { status: 'completed', conclusion, completedAt, steps }, 'completed');
}
