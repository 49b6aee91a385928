import pMap from 'p-map';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Clock } from '../../clock.ts';
import { hasCode } from '../../errors.ts';
import type { GitHub } from '../../github/github.ts';
import { dueRuns, type ListedRun, type RunReading } from './due-runs.ts';

export interface RepositorySweepOptions {
  github: Pick<GitHub, 'listActiveRuns' | 'listRunJobs' | 'now'>;
  owner: string;
  repository: string;
  clock: Clock;
  /** Milliseconds between two looks at what should not matter: unchanged runs, and runs that wait for approval. */
  slowPace: number;
  /** Milliseconds between two looks at present. */
  pace(): number;
  onObservation(observation: JobObservation): void;
}

/** Neither list alone finds every queued job: a run's status is not that of each of its jobs. */
const ALWAYS = ['queued', 'in_progress'] as const;
/** Held for approval or by concurrency; a job of such a run may be queued all the same, which is rare. */
const SELDOM = ['waiting', 'pending'] as const;

/** Looks after which the jobs of a run that seems unchanged are read all the same, when looks are seldom. */
const UNCHANGED_LOOKS = 5;
/** Milliseconds after which they are read in any case: a job that appears in such a run must not wait for long. */
const UNCHANGED_FOR = 5 * 60_000;

const MOST_RUNS_A_CYCLE = 200;
const REQUESTS_AT_ONCE = 5;

/** Finds the queued jobs of one repository: GitHub lists jobs by run only, and runs by repository only. */
export class RepositorySweep {
  readonly #options: RepositorySweepOptions;
  #readings = new Map<number, RunReading>();
  #seldomAt = Number.NEGATIVE_INFINITY;

  constructor(options: RepositorySweepOptions) {
    this.#options = options;
  }

  /**
   * One look; answers the ids of the jobs that the lists show. A job of an earlier attempt is not among them, though
   * its run is. Rejects with what GitHub refused.
   */
  async run(signal: AbortSignal): Promise<Set<number>> {
    const { github, slowPace, pace, onObservation } = this.#options;
    const runs = await this.#activeRuns(signal);
    this.#readings = new Map([...this.#readings].filter(([id]) => runs.has(id)));
    const stale = Math.max(slowPace, Math.min(UNCHANGED_FOR, UNCHANGED_LOOKS * pace()));
    await pMap(
      dueRuns([...runs.values()], this.#readings, github.now(), { stale, most: MOST_RUNS_A_CYCLE }),
      async (id) => {
        const readAt = github.now();
        const jobs = await this.#jobsOf(id, signal);
        for (const job of jobs) onObservation(job);
        const jobIds = jobs.map(({ jobId }) => jobId);
        this.#readings.set(id, { updatedAt: runs.get(id)?.updatedAt ?? '', readAt, jobIds });
      },
      { concurrency: REQUESTS_AT_ONCE, signal },
    );
    return new Set([...this.#readings.values()].flatMap(({ jobIds }) => jobIds));
  }

  /** None of a run that was deleted since it was listed; its repository was read just now, so the 404 is no lost access. */
  async #jobsOf(runId: number, signal: AbortSignal): Promise<JobObservation[]> {
    const { github, owner, repository } = this.#options;
    try {
      return await github.listRunJobs(owner, repository, runId, { signal });
    } catch (error) {
      if (hasCode(error, 'GITHUB_NOT_FOUND')) return [];
      throw error;
    }
  }

  async #activeRuns(signal: AbortSignal): Promise<Map<number, ListedRun>> {
    const { github, owner, repository, clock, slowPace } = this.#options;
    const isTimeForAll = clock.now() - this.#seldomAt >= slowPace;
    const runs = new Map<number, ListedRun>();
    for (const status of isTimeForAll ? [...ALWAYS, ...SELDOM] : ALWAYS) {
      for (const run of await github.listActiveRuns(owner, repository, status, { signal }))
        runs.set(run.id, run);
    }
    if (isTimeForAll) this.#seldomAt = clock.now();
    return runs;
  }
}
