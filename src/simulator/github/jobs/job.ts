import type { Alarm } from '../alarms.ts';
import type { Repository } from '../repositories.ts';
import type { Timeline } from '../timeline.ts';

export type JobStatus = 'waiting' | 'queued' | 'in_progress' | 'completed';
export type Conclusion = 'success' | 'failure' | 'cancelled';
export type StepConclusion = Conclusion | 'skipped';

/** What a workflow defines for one job. */
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
  /** GitHub sets it from the beginning: it does not show that the job started. */
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
  /** Assignments that no runner took up. */
  missed: number;
  cancelRequested: boolean;
  /** GitHub does not assign it, even when a matching runner is idle. */
  isWithheld: boolean;
  /** Cancels the job after its longest time in the queue. */
  expiry: Alarm | null;
}

/** One run of a workflow, with the jobs of its attempts. */
export interface Run {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  readonly workflow: { readonly id: number; readonly name: string; readonly path: string };
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  /** Login of the user who pushed. */
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
