import type { JobObservation } from '../../../machines/job/observation.ts';

/** A job at GitHub for which no VM is made, with the reason. */
export interface UnservedJob
  extends Pick<
    JobObservation,
    'jobId' | 'owner' | 'repository' | 'workflow' | 'name' | 'url' | 'labels' | 'queuedAt'
  > {
  why: 'noLabel' | 'approval';
}

/** When there are more, the oldest are forgotten: a large organization queues many jobs for other runners. */
const MAX_JOBS = 200;

/**
 * Jobs that were seen and that this daemon does not serve, or not yet. In memory: the next look finds them
 * again.
 */
export class UnservedJobs {
  readonly #jobs = new Map<number, UnservedJob>();

  /** `matches` tells whether a profile matches the labels; `isHeld` whether an actor serves the job. */
  observe(seen: JobObservation, matches: boolean, isHeld: boolean): void {
    const why =
      seen.status === 'waiting' ? 'approval' : seen.status === 'queued' && !matches ? 'noLabel' : null;
    this.#jobs.delete(seen.jobId);
    if (why === null || isHeld) return;
    const { jobId, owner, repository, workflow, name, url, labels, queuedAt } = seen;
    this.#jobs.set(jobId, { jobId, owner, repository, workflow, name, url, labels, queuedAt, why });
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MAX_JOBS && oldest !== undefined) this.#jobs.delete(oldest);
  }

  all(): UnservedJob[] {
    return [...this.#jobs.values()];
  }
}
