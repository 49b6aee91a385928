import type { JobView } from '../../../jobs/job-view.ts';

/**
 * Returns all jobs that have or had a VM, and the first jobs of the queue; `beyond` is the number of jobs left out.
 */
export function withoutTail(all: readonly JobView[], most: number): { jobs: JobView[]; beyond: number } {
  const queued = all.filter(({ state }) => state === 'queued');
  if (queued.length <= most) return { jobs: [...all], beyond: 0 };
  const inOrder = queued.sort(
    (a, b) => a.job.queuedAt - b.job.queuedAt || (a.key < b.key ? -1 : Number(a.key > b.key)),
  );
  const head = new Set(inOrder.slice(0, most));
  const jobs = all.filter((view) => view.state !== 'queued' || head.has(view));
  return { jobs, beyond: all.length - jobs.length };
}
