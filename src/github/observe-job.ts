import { z } from 'zod';
import type { JobStatus } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { branchName, commitId, count, cutText, identifier, isoInstant, labels } from '../bounds.ts';

/** The fields of a job that REST and the `workflow_job` webhook share; GitHub's older payloads lack the optional ones. */
export const jobSchema = z.object({
  id: identifier,
  run_id: identifier,
  run_attempt: identifier.nullish(),
  status: cutText,
  conclusion: cutText.nullish(),
  created_at: cutText.nullish(),
  started_at: cutText.nullish(),
  name: cutText,
  workflow_name: cutText.nullish(),
  url: cutText.nullish(),
  html_url: cutText.nullish(),
  head_sha: commitId,
  head_branch: branchName,
  labels: z
    .preprocess(
      (listed) => (Array.isArray(listed) ? listed.filter((label) => label !== null) : listed),
      labels,
    )
    .nullish(),
  runner_id: count.nullish(),
  runner_name: cutText.nullish(),
});

export interface Sighting {
  source: JobObservation['source'];
  /** Epoch ms. */
  seenAt: number;
  owner: string;
  repository: string;
}

/**
 * Returns one job of GitHub's in the form that all other code uses. `started_at` does not show a start: GitHub sets it
 * when it creates the job. A runner's name in a queued job does not show one either, as one of GitHub's own examples
 * has it.
 */
export function observeJob(job: z.infer<typeof jobSchema>, sighting: Sighting): JobObservation {
  const { source, seenAt, owner, repository } = sighting;
  const status = statusOf(job.status);
  const mayHaveRunner = status === 'in_progress' || status === 'completed';
  const created = isoInstant.safeParse(job.created_at ?? job.started_at);
  return {
    source,
    seenAt,
    jobId: job.id,
    runId: job.run_id,
    runAttempt: job.run_attempt ?? 1,
    owner,
    repository,
    workflow: job.workflow_name ?? '',
    name: job.name,
    url: job.html_url ?? job.url ?? '',
    commit: job.head_sha,
    branch: job.head_branch,
    labels: job.labels ?? [],
    status,
    conclusion: status === 'completed' ? (job.conclusion ?? null) : null,
    // On GitHub's clock, which may differ from ours by hours.
    queuedAt: created.success ? created.data : seenAt,
    runnerId: (mayHaveRunner && job.runner_id) || null,
    runnerName: (mayHaveRunner && job.runner_name) || null,
  };
}

/**
 * `requested`, `pending` and any status that GitHub may add come before `queued`: no runner is wanted yet.
 */
function statusOf(text: string): JobStatus {
  return text === 'queued' || text === 'in_progress' || text === 'completed' ? text : 'waiting';
}
