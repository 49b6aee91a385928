import { apiUrl, type GitHubBase } from '../github-base.ts';
import type { Lease } from './job-lease.ts';

/** What a runner receives about the job that it took. */
export interface AcquiredJob {
  /** Authorizes the runner's reports about the job until the job is over. */
  leaseToken: string;
  jobId: number;
  name: string;
  /** Commands of the workflow, numbered as GitHub numbers them: its own "Set up job" comes first. */
  steps: { number: number; name: string; run: string }[];
  renewEveryMs: number;
  variables: Record<string, string>;
}

/** Its variables are those that GitHub sets in the environment of jobs. */
export function acquiredJob(world: GitHubBase, { token, job }: Lease): AcquiredJob {
  const { run, spec } = job;
  const { repository } = run;
  return {
    leaseToken: token,
    jobId: job.id,
    name: spec.name,
    steps: spec.steps.map((step, index) => ({ number: index + 2, ...step })),
    renewEveryMs: Math.min(60_000, world.options.timings.lostAfter / 5),
    variables: {
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: run.actor,
      GITHUB_API_URL: apiUrl(world),
      GITHUB_EVENT_NAME: run.event,
      GITHUB_JOB: spec.name,
      GITHUB_REF: `refs/heads/${run.headBranch}`,
      GITHUB_REF_NAME: run.headBranch,
      GITHUB_REPOSITORY: repository.fullName,
      GITHUB_REPOSITORY_OWNER: repository.owner.login,
      GITHUB_RUN_ATTEMPT: String(job.attempt),
      GITHUB_RUN_ID: String(run.id),
      GITHUB_RUN_NUMBER: String(run.number),
      GITHUB_SERVER_URL: world.origin,
      GITHUB_SHA: run.headSha,
      GITHUB_WORKFLOW: run.workflow.name,
    },
  };
}
