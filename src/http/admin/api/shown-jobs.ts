import type { JobView } from '../../../jobs/job-view.ts';

/** Of a long queue one answer shows its head: ten thousand jobs are megabytes each time that somebody looks. */
export const MOST_QUEUED = 500;

/** All jobs that have or had a VM, and those next in the queue; `beyond` counts what stands further back. */
export function shownJobs(all: readonly JobView[]): { jobs: JobView[]; beyond: number } {
  const queued = all.filter(({ state }) => state === 'queued');
  if (queued.length <= MOST_QUEUED) return { jobs: [...all], beyond: 0 };
  const inOrder = queued.sort(
    (a, b) => a.job.queuedAt - b.job.queuedAt || (a.key < b.key ? -1 : Number(a.key > b.key)),
  );
  const head = new Set(inOrder.slice(0, MOST_QUEUED));
  const jobs = all.filter((view) => view.state !== 'queued' || head.has(view));
  return { jobs, beyond: all.length - jobs.length };
}
