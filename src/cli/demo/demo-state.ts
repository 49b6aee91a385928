import { topState } from '../../journal/overview.js';
import type { Job } from '../../simulator/github/jobs/job.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import type { JobsAnswer } from '../terminal/job-rows.ts';

/** The states of a job in their order; `done` means every end. */
export const PIPELINE = [
  'queued',
  'creating',
  'starting',
  'sshReady',
  'probing',
  'jitConfig',
  'runnerOnline',
  'running',
  'tearingDown',
  'done',
] as const;

export interface DemoJob {
  id: number;
  name: string;
  /** Its state in the daemon; `pushed` before the daemon knows of it. */
  state: string;
  /** Index in `PIPELINE`. */
  step: number;
  /** GitHub's conclusion; null while the job has none. */
  conclusion: string | null;
  host: string | null;
  /** Since it was queued, until its end at GitHub. */
  seconds: number;
}

export interface DemoState {
  jobs: DemoJob[];
  vms: string[];
  runners: string[];
  vmsCreated: number;
  /** Null while the daemon does not answer. */
  records: number | null;
}

/** Joins what GitHub, the Macs and the daemon know; while the daemon is silent, what it said last stays. */
export function demoState(
  { github, macs }: SimulatedWorld,
  answer: JobsAnswer | null,
  before: DemoState | null,
  now: number,
): DemoState {
  const known = new Map(before?.jobs.map((job) => [job.id, job]));
  return {
    jobs: [...github.world.jobs.values()].map((job) => demoJob(job, answer, known.get(job.id), now)),
    vms: macs.flatMap(({ world }) => [...world.vms.values()].map(({ name }) => name)),
    runners: [...github.world.runners.values()].map(({ name }) => name),
    vmsCreated: macs.reduce((sum, { world }) => sum + world.vmsCreated, 0),
    records: answer?.jobs.length ?? null,
  };
}

function demoJob(job: Job, answer: JobsAnswer | null, before: DemoJob | undefined, now: number): DemoJob {
  const views = answer?.jobs.filter((view) => view.job.id === job.id) ?? [];
  // After an exchange, one actor may still tear down for a job that goes on in another actor.
  const view = views.find(({ state }) => !state.startsWith('tearingDown')) ?? views[0];
  const settled = answer?.recent.find(({ jobId }) => jobId === job.id);
  const state = view ? topState(view.state) : (settled?.outcome ?? before?.state ?? 'pushed');
  const isOver = settled !== undefined || (before?.step === PIPELINE.length - 1 && !view);
  return {
    id: job.id,
    name: job.spec.name,
    state,
    step: isOver ? PIPELINE.length - 1 : Math.max(0, PIPELINE.indexOf(state as (typeof PIPELINE)[number])),
    conclusion: job.state.conclusion,
    host: view?.vm?.host ?? settled?.host ?? before?.host ?? null,
    seconds: ((job.state.completedAt ?? now) - job.createdAt) / 1000,
  };
}

/** Share of all steps of all jobs that are done, 0 to 1. */
export function progressOf({ jobs }: DemoState): number {
  const steps = jobs.reduce((sum, { step }) => sum + step, 0);
  return jobs.length === 0 ? 0 : steps / (jobs.length * (PIPELINE.length - 1));
}

/** True when every job is over at GitHub and nothing is left of them; never while the daemon is silent. */
export function isClean({ jobs, vms, runners, records }: DemoState): boolean {
  const isOver = jobs.every(({ conclusion }) => conclusion !== null);
  return isOver && vms.length === 0 && runners.length === 0 && records === 0;
}
