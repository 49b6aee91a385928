import pMap from 'p-map';
import type { Job } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import type { GitHub } from '../github/github.ts';
import type { JobObservation } from './job-observation.ts';

export interface RecheckOptions {
  github: Pick<GitHub, 'getJob'>;
  clock: Clock;
  onObservation(observation: JobObservation): void;
}

/** Jobs asked for by id in one cycle; the rest has its turn in the next ones. */
const MOST_JOBS_A_CYCLE = 200;
const REQUESTS_AT_ONCE = 5;

/**
 * Asks for active jobs by their id, those asked for longest ago first: what ended while no webhook came and no list
 * shows its run is found so. A job that GitHub has no more is over.
 */
export class JobRechecks {
  readonly #options: RecheckOptions;
  #askedAt = new Map<number, number>();

  constructor(options: RecheckOptions) {
    this.#options = options;
  }

  /** Rejects with what GitHub refused; jobs not reached then come first the next time. */
  async look(jobs: readonly Job[], signal: AbortSignal): Promise<void> {
    const { github, clock, onObservation } = this.#options;
    const ids = new Set(jobs.map(({ id }) => id));
    this.#askedAt = new Map([...this.#askedAt].filter(([id]) => ids.has(id)));
    const askedAt = (id: number) => this.#askedAt.get(id) ?? 0;
    const due = [...jobs].sort((a, b) => askedAt(a.id) - askedAt(b.id)).slice(0, MOST_JOBS_A_CYCLE);
    await pMap(
      due,
      async (job) => {
        const seen = await github.getJob(job.owner, job.repository, job.id, { signal });
        this.#askedAt.set(job.id, clock.now());
        onObservation(seen ?? deleted(job, clock.now()));
      },
      { concurrency: REQUESTS_AT_ONCE, signal },
    );
  }
}

/** GitHub deletes runs that have ended only, so a job that it no longer has is over, how is lost. */
function deleted(job: Job, seenAt: number): JobObservation {
  return {
    source: 'recheck',
    seenAt,
    jobId: job.id,
    runId: job.runId,
    runAttempt: job.runAttempt,
    owner: job.owner,
    repository: job.repository,
    workflow: job.workflow,
    name: job.name,
    url: job.url,
    labels: job.labels,
    status: 'completed',
    conclusion: null,
    queuedAt: job.queuedAt,
    runnerId: null,
    runnerName: null,
  };
}
