import type { Alarm } from '../alarms.ts';
import type { GitHubWorld } from '../github-world.ts';
import type { Runner } from '../runners/runners.ts';
import { Timeline } from '../timeline.ts';
import { announce } from '../webhooks/deliveries.ts';
import type { Run } from './runs.ts';

export type JobStatus = 'waiting' | 'queued' | 'in_progress' | 'completed';
export type Conclusion = 'success' | 'failure' | 'cancelled';
export type StepConclusion = Conclusion | 'skipped';

/** What a workflow says of one job. */
export interface JobSpec {
  readonly name: string;
  /** `runs-on`, in the workflow's case. */
  readonly labels: readonly string[];
  /** `runs-on.group`. */
  readonly group: string | null;
  /** Shell commands. */
  readonly steps: readonly { name: string; run: string }[];
  /** Its environment has to be approved first. */
  readonly needsApproval: boolean;
}

export interface JobStep {
  readonly number: number;
  readonly name: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: StepConclusion | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
}

/** The part of a job that changes; the rest never does. */
export interface JobState {
  readonly status: JobStatus;
  readonly conclusion: Conclusion | null;
  /** As GitHub has it from the beginning: no sign of a start. */
  readonly startedAt: number;
  readonly completedAt: number | null;
  readonly runner: { id: number; name: string; groupId: number; groupName: string } | null;
  readonly steps: readonly JobStep[];
}

export interface Job {
  readonly id: number;
  readonly run: Run;
  readonly attempt: number;
  readonly spec: JobSpec;
  readonly createdAt: number;
  state: JobState;
  /** As lists show it; undefined while they do not show it yet. */
  readonly shown: Timeline<JobState>;
  /** The runner that is to take it and has not done so yet. */
  assignment: { runner: Runner; pickUp: Alarm } | null;
  /** Assignments that no runner took up. */
  missed: number;
  cancelRequested: boolean;
  /** Ends its time in the queue. */
  expiry: Alarm | null;
}

/** A new job of a run's current attempt, not yet announced. */
export function newJob(world: GitHubWorld, run: Run, spec: JobSpec, state: Partial<JobState> = {}): Job {
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
    assignment: null,
    missed: 0,
    cancelRequested: false,
    expiry: null,
  };
  world.jobs.set(id, job);
  job.shown.record(now, job.state);
  return job;
}

/** Changes a job and, where `action` names one, tells the webhooks. */
export function changeJob(
  world: GitHubWorld,
  job: Job,
  change: Partial<JobState>,
  action: JobStatus | null,
): void {
  const now = world.clock.now();
  job.state = { ...job.state, ...change };
  job.shown.record(now, job.state);
  touchRun(world, job.run);
  if (action !== null) announceJob(world, job, action);
}

/** Something of the run changed. */
export function touchRun(world: GitHubWorld, run: Run): void {
  run.updatedAt = world.clock.now();
  run.shownUpdate.record(run.updatedAt, run.updatedAt);
}

/** Tells the webhooks of a job as it is now. */
export function announceJob(world: GitHubWorld, job: Job, action: JobStatus): void {
  announce(world, job.run.repository, { event: 'workflow_job', action, job, state: job.state });
}

/** Ends a job. Whose it was has to be settled by the caller; what was open of its steps is closed. */
export function finishJob(world: GitHubWorld, job: Job, conclusion: Conclusion): void {
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
