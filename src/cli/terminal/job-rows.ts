import type { JobView } from '../../jobs/job-view.ts';
import { topState } from '../../journal/overview.js';
import type { SettledJob } from '../../store/tables/settled-jobs.ts';
import { printable, shortSpan } from './terminal-text.ts';

export interface JobsAnswer {
  jobs: JobView[];
  /** Jobs further back in the queue. */
  beyond?: number;
  /** The newest first. */
  recent: SettledJob[];
}

const HEAD = ['JOB', 'REPOSITORY', 'NAME', 'STATE', 'HOST', 'AGE', 'ATTEMPT', 'OUTCOME'];

/** Live jobs, longest waiting first, and below them those that are over, each as a row of `HEAD`. */
export function jobRows({ jobs, recent }: JobsAnswer, now: number): string[][] {
  const live = [...jobs].sort((a, b) => a.job.queuedAt - b.job.queuedAt).map((view) => liveRow(view, now));
  return [HEAD, ...live, ...recent.map((job) => settledRow(job, now))];
}

function liveRow({ job, vm, state, phase, progress }: JobView, now: number): string[] {
  const trouble = phase.lastFailure;
  const outcome = progress ?? (trouble ? `${trouble.code} (try ${phase.tries + 1})` : '');
  return [
    String(job.id),
    printable(`${job.owner}/${job.repository}`),
    printable(job.workflow ? `${job.workflow} / ${job.name}` : job.name),
    topState(state),
    vm?.host ?? '',
    shortSpan(now - job.queuedAt),
    String(job.attemptsFailed + 1),
    printable(outcome),
  ];
}

function settledRow(job: SettledJob, now: number): string[] {
  const outcome = job.cause
    ? `${job.cause.code}: ${job.cause.message}`
    : (job.conclusion ?? OUTCOMES[job.outcome]);
  return [
    String(job.jobId),
    printable(`${job.owner}/${job.repository}`),
    printable(job.name),
    job.outcome,
    job.host ?? '',
    `${shortSpan(now - job.at)} ago`,
    String(job.attempts),
    printable(outcome),
  ];
}

const OUTCOMES: Record<SettledJob['outcome'], string> = {
  done: '',
  failed: '',
  taken: 'by a runner that is not ours',
  cancelled: '',
};
