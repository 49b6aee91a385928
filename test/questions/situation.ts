import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { Scenario, ScenarioSettings } from '../scenarios/scenario.ts';

/** Milliseconds from the opening of a breaker to the first attempt that tests it, and a little more. */
export const FIRST_PAUSE = 31_000;

/** A state of the world in which people have questions. */
export interface Situation {
  name: string;
  settings?: ScenarioSettings;
  /** Starts a daemon, sets the faults, and resolves when the world is in that state. */
  stage(world: Scenario): Promise<Truth>;
}

/** The true answers: from the simulated GitHub, the simulated Macs, and the faults that were set there. */
export interface Truth {
  /** What every answer to "what is wrong now" names; empty where nothing is wrong. */
  wrong: RegExp[];
  /** No job at all can be served. */
  stops?: boolean;
  jobs: JobTruth[];
}

export interface JobTruth {
  job: Job;
  /** What its VM does: `boots` where GitHub has the job queued; where it runs, GitHub names the VM. */
  boots?: { name: string; host: string };
  /** Whose fault its end was, and how it happened; for a job that is over. */
  end?: { outcome: 'failed' | 'lost' | 'cancelled' | 'not ours'; fault: RegExp; cause?: RegExp; act: RegExp };
  /** Why it waits, and who or what can end that. */
  waits?: { why: RegExp[]; frees: RegExp };
  /** What is wrong around a job that runs. */
  trouble?: RegExp;
  next: RegExp;
}
