import pMap from 'p-map';
import type { Job } from '../../machines/job/context.ts';
import { endObservation, type JobObservation } from '../../machines/job/observation.ts';
import type { Clock } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { GitHub } from '../github/github.ts';

export interface RecheckOptions {
  github: Pick<GitHub, 'getJob'>;
  clock: Clock;
  onObservation(observation: JobObservation): void;
}

/** Jobs read by id in one cycle; the others follow in the next cycles. */
const MOST_JOBS_A_CYCLE = 200;
/** Requests under way at once for one repository, and repositories at once. */
const REQUESTS_AT_ONCE = 5;
const REPOSITORIES_AT_ONCE = 3;

/**
 * Reads active jobs by their id, those that were read longest ago first. This finds jobs that ended while no
 * webhook came and no list shows their run. A job that GitHub no longer has is over. Each repository is read
 * separately, so that one that hangs or cannot be read does not block the jobs of the others.
 */
export class JobRechecks {
  readonly #options: RecheckOptions;
  #askedAt = new Map<number, number>();

  constructor(options: RecheckOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all is done, or rejects with the first failure of GitHub; jobs not reached are read first
   * the next time.
   */
  async run(jobs: readonly Job[], signal: AbortSignal): Promise<void> {
    const ids = new Set(jobs.map(({ id }) => id));
    this.#askedAt = new Map([...this.#askedAt].filter(([id]) => ids.has(id)));
    const askedAt = (id: number) => this.#askedAt.get(id) ?? 0;
    const due = [...jobs].sort((a, b) => askedAt(a.id) - askedAt(b.id)).slice(0, MOST_JOBS_A_CYCLE);
    const refusals: unknown[] = [];
    const ask = async (ofOne: Job[]) => {
      await this.#ask(ofOne, signal).catch((error: unknown) => refusals.push(error));
    };
    await pMap(byRepository(due), ask, { concurrency: REPOSITORIES_AT_ONCE, signal });
    if (refusals.length > 0) throw refusals[0];
  }

  #ask(jobs: readonly Job[], signal: AbortSignal): Promise<unknown> {
    const { github, clock, onObservation } = this.#options;
    const ask = async (job: Job) => {
      const before = this.#askedAt.get(job.id) ?? 0;
      this.#askedAt.set(job.id, clock.now());
      try {
        const seen = await github.getJob(job.owner, job.repository, job.id, { signal, purpose: 'rechecks' });
        // GitHub deletes runs that have ended only, so a job that it no longer has is over; how it ended is
        // unknown.
        onObservation(seen ?? endObservation(job, null, clock.now()));
      } catch (error) {
        // The request was not sent, or refused unread: the job keeps its turn.
        if (hasCode(error, 'GITHUB_RATE_LIMITED')) this.#askedAt.set(job.id, before);
        throw error;
      }
    };
    return pMap(jobs, ask, { concurrency: REQUESTS_AT_ONCE, signal });
  }
}

function byRepository(jobs: readonly Job[]): Iterable<Job[]> {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const name = `${job.owner}/${job.repository}`;
    groups.set(name, [...(groups.get(name) ?? []), job]);
  }
  return groups.values();
}
