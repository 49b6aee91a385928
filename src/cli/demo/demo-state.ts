import type { Answers } from '../../http/admin/api/api-routes.ts';
import { outcomeWord } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { PIPELINE } from '../../journal/pipeline.js';
import type { Waiting } from '../../placement/waiting/waiting.ts';
import type { Job } from '../../simulator/github/jobs/job.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';

/** What the demo shows of a job: its states in their order, and `done` for every end. */
export const STEPS = [...PIPELINE, 'done'];

/** What the daemon says of its jobs, and why some of them wait. */
export interface DemoAnswer extends Pick<Answers['/api/jobs'], 'jobs' | 'recent'> {
  waiting: Waiting[];
}

export interface DemoJob {
  id: number;
  name: string;
  /** Its state in the daemon, or how it ended; `pushed` before the daemon knows of it. */
  state: string;
  /** Index in `STEPS`. */
  step: number;
  /** GitHub's conclusion; null while the job has none. */
  conclusion: string | null;
  host: string | null;
  /** Since it was queued, until its end at GitHub. */
  seconds: number;
  /** Why it waits or failed; empty when neither. */
  why: string;
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
  answer: DemoAnswer | null,
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

function demoJob(job: Job, answer: DemoAnswer | null, before: DemoJob | undefined, now: number): DemoJob {
  const views = answer?.jobs.filter((view) => view.job.id === job.id) ?? [];
  // After an exchange, one actor may still tear down for a job that goes on in another actor.
  const view = views.find(({ state }) => !state.startsWith('tearingDown')) ?? views[0];
  const settled = answer?.recent.find(({ jobId }) => jobId === job.id);
  const ended = settled && outcomeWord(settled.outcome);
  const known = view ? topState(view.state) : (ended ?? before?.state ?? 'pushed');
  const state = job.state.status === 'waiting' ? 'waiting' : known;
  const isOver = settled !== undefined || (before?.step === STEPS.length - 1 && !view);
  const endedAt = job.state.completedAt ?? settled?.at ?? now;
  return {
    id: job.id,
    name: job.spec.name,
    state,
    step: isOver ? STEPS.length - 1 : Math.max(0, STEPS.indexOf(state)),
    conclusion: job.state.conclusion,
    host: state === 'queued' ? null : (view?.vm?.host ?? settled?.host ?? before?.host ?? null),
    seconds: isOver && !settled && before ? before.seconds : (endedAt - job.createdAt) / 1000,
    why: whyOf(job, answer, view, settled) ?? before?.why ?? '',
  };
}

/** Null while the daemon does not answer. */
function whyOf(
  job: Job,
  answer: DemoAnswer | null,
  view: DemoAnswer['jobs'][number] | undefined,
  settled: DemoAnswer['recent'][number] | undefined,
): string | null {
  if (answer === null) return null;
  const broken = job.state.steps.find(({ conclusion }) => conclusion === 'failure');
  const cause = settled?.cause ?? (view?.state === 'queued' ? view.failure : null);
  const waits = answer.waiting.find(({ jobId }) => jobId === job.id)?.sentence;
  return [
    job.state.conclusion === 'failure' && !cause && broken ? `its own step failed: ${broken.name}` : null,
    waits,
    cause && `${cause.code}: ${cause.message}`,
  ]
    .filter((part) => part)
    .join(' ');
}

/** Share of all steps of all jobs that are done, 0 to 1. */
export function progressOf({ jobs }: DemoState): number {
  const steps = jobs.reduce((sum, { step }) => sum + step, 0);
  return jobs.length === 0 ? 0 : steps / (jobs.length * (STEPS.length - 1));
}

/** Returns whether nothing moves any more: each job is over or waits for a person, and nothing is left of it. */
export function isQuiet({ jobs, vms, runners, records }: DemoState): boolean {
  const isDone = jobs.every(({ step, state }) => step === STEPS.length - 1 || state === 'waiting');
  return isDone && vms.length === 0 && runners.length === 0 && records === 0;
}

/** Returns whether every job is over at GitHub and nothing is left of them; never while the daemon is silent. */
export function isClean({ jobs, vms, runners, records }: DemoState): boolean {
  const isOver = jobs.every(({ conclusion }) => conclusion !== null);
  return isOver && vms.length === 0 && runners.length === 0 && records === 0;
}
