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
  /**
   * Milliseconds between two looks at runs that rarely matter: unchanged runs, and runs that wait for
   * approval.
   */
  slowPace: number;
  /** Milliseconds between two looks at present. */
  pace(): number;
  onObservation(observation: JobObservation): void;
}

/** Both lists are needed to find every queued job: a run's status may differ from that of its jobs. */
const ALWAYS = ['queued', 'in_progress'] as const;
/** Runs held for approval or by concurrency; in rare cases such a run has a queued job. */
const SELDOM = ['waiting', 'pending'] as const;

/** Number of looks after which the jobs of a run that seems unchanged are read again, when looks are rare. */
const UNCHANGED_LOOKS = 5;
/**
 * Milliseconds after which they are read again in any case: a job that appears in such a run must not wait
 * for long.
 */
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
   * One look; returns the ids of the jobs that the lists show. Jobs of an earlier attempt are not included,
   * even when their run is listed. Rejects with GitHub's failure.
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

  /**
   * Empty for a run that was deleted since it was listed. Its repository was read just now, so a 404 does not
   * mean lost access.
   */
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
