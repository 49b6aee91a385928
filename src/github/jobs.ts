import { z } from 'zod';
import type { JobObservation } from '../../machines/job/observation.ts';
import { cutText, exactText, identifier, readableRows } from '../bounds.ts';
import type { Clock } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { GitHubClock } from './access/github-clock.ts';
import type { Abortable, CallOptions, GitHubTransport } from './access/github-transport.ts';
import { jobSchema, observeJob } from './observe-job.ts';
import { missingRepository } from './repositories.ts';
import { scopePath } from './runners/runner-scope.ts';

/** A workflow run that may have jobs for us. */
export interface ActiveRun {
  id: number;
  /** As GitHub writes it; it is only compared with other values. */
  updatedAt: string;
}

/** The statuses of runs that may hold queued jobs; a run's status need not be that of its least or most advanced job. */
export type ActiveRunStatus = 'queued' | 'in_progress' | 'waiting' | 'pending';

const runsSchema = z.object({
  workflow_runs: readableRows(z.object({ id: identifier, updated_at: exactText })),
});
const jobsSchema = z.object({ jobs: readableRows(jobSchema) });

/**
 * GitHub cancels a job after 24 h in the queue, so a queued run without a change for longer than that stays
 * in the list for ever. The run's age does not matter: a run of last month that is run again, or approved,
 * has jobs queued just now.
 */
const QUEUE_LIFE_MS = 25 * 3_600_000;

const runSchema = z.object({ status: cutText.nullable() });
const account = z.object({ login: exactText }).nullish();
const runActorSchema = z.object({ triggering_actor: account, actor: account });

/** Reads runs and jobs; needs the permission Actions: read. All requests are conditional. */
export function jobCalls(transport: GitHubTransport, clock: Clock, time: Pick<GitHubClock, 'now'>) {
  const repositoryPath = (owner: string, repository: string) =>
    scopePath({ kind: 'repository', owner, repository });

  return {
    /**
     * The runs of one status that may have live jobs, from all pages. What is too old is left out here and
     * not by GitHub: a query that changes with the time would never get a 304.
     */
    async listActiveRuns(
      owner: string,
      repository: string,
      status: ActiveRunStatus,
      { signal }: Abortable = {},
    ): Promise<ActiveRun[]> {
      const isDead = (updatedAt: string) =>
        status === 'queued' && Date.parse(updatedAt) < time.now() - QUEUE_LIFE_MS;
      const runs: ActiveRun[] = [];
      const pages = transport.pages(runsSchema, {
        what: `list the ${status} runs of ${owner}/${repository}`,
        purpose: 'looking for work',
        method: 'GET',
        path: `${repositoryPath(owner, repository)}/actions/runs`,
        query: { status },
        signal,
      });
      for await (const { workflow_runs } of pages) {
        const listed = workflow_runs.map(({ id, updated_at: updatedAt }) => ({ id, updatedAt }));
        runs.push(...listed.filter(({ updatedAt }) => !isDead(updatedAt)));
      }
      return runs;
    },

    /** All jobs of the latest attempt of a run. */
    async listRunJobs(
      owner: string,
      repository: string,
      runId: number,
      { signal }: Abortable = {},
    ): Promise<JobObservation[]> {
      const seen: JobObservation[] = [];
      const pages = transport.pages(jobsSchema, {
        what: `list the jobs of run ${runId} of ${owner}/${repository}`,
        purpose: 'looking for work',
        method: 'GET',
        path: `${repositoryPath(owner, repository)}/actions/runs/${runId}/jobs`,
        query: { filter: 'latest' },
        signal,
      });
      for await (const { jobs } of pages) {
        const sighting = { source: 'poll' as const, seenAt: clock.now(), owner, repository };
        seen.push(...jobs.map((job) => observeJob(job, sighting)));
      }
      return seen;
    },

    /** Whether the run of a job has ended. GitHub may keep a job queued for ever although its run is over. */
    async isRunOver(
      owner: string,
      repository: string,
      runId: number,
      { signal }: Abortable = {},
    ): Promise<boolean> {
      const run = await transport.read(runSchema, {
        what: `read run ${runId} of ${owner}/${repository}`,
        purpose: 'serving jobs',
        method: 'GET',
        path: `${repositoryPath(owner, repository)}/actions/runs/${runId}`,
        signal,
      });
      return run.status === 'completed';
    },

    /** Who started the present attempt of a run; null where GitHub does not say, as for a deleted account. */
    async getRunActor(
      owner: string,
      repository: string,
      runId: number,
      { signal }: Abortable = {},
    ): Promise<string | null> {
      const run = await transport.read(runActorSchema, {
        what: `read run ${runId} of ${owner}/${repository}`,
        // Nothing depends on it: it is the first call that stops while the budget is low.
        purpose: 'looking for work',
        method: 'GET',
        path: `${repositoryPath(owner, repository)}/actions/runs/${runId}`,
        signal,
      });
      return run.triggering_actor?.login ?? run.actor?.login ?? null;
    },

    /**
     * The job, or null when GitHub no longer has it (its run was deleted, which GitHub allows only for ended
     * runs). A 404 counts only when the repository can still be read; when only its owner can be read,
     * rejects with REPOSITORY_GONE.
     */
    async getJob(
      owner: string,
      repository: string,
      jobId: number,
      { signal, purpose = 'serving jobs' }: CallOptions = {},
    ): Promise<JobObservation | null> {
      const path = repositoryPath(owner, repository);
      try {
        const job = await transport.read(jobSchema, {
          what: `read job ${jobId} of ${owner}/${repository}`,
          purpose,
          method: 'GET',
          path: `${path}/actions/jobs/${jobId}`,
          signal,
        });
        return observeJob(job, { source: 'recheck', seenAt: clock.now(), owner, repository });
      } catch (error) {
        if (!hasCode(error, 'GITHUB_NOT_FOUND')) throw error;
      }
      try {
        await transport.read(runsSchema, {
          what: `read the runs of ${owner}/${repository}`,
          purpose,
          method: 'GET',
          path: `${path}/actions/runs`,
          query: { per_page: 1 },
          signal,
        });
      } catch (error) {
        throw await missingRepository(transport, { owner, repository }, { signal, purpose }, error);
      }
      return null;
    },
  };
}
