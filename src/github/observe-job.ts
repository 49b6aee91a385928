import { z } from 'zod';
import type { JobStatus } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';

/** The fields of a job that REST and the `workflow_job` webhook share; GitHub's older payloads lack the optional ones. */
export const jobSchema = z.object({
  id: z.number(),
  run_id: z.number(),
  run_attempt: z.number().nullish(),
  status: z.string(),
  conclusion: z.string().nullish(),
  created_at: z.string().nullish(),
  started_at: z.string().nullish(),
  name: z.string(),
  workflow_name: z.string().nullish(),
  url: z.string().nullish(),
  html_url: z.string().nullish(),
  labels: z.array(z.string().nullable()).nullish(),
  runner_id: z.number().nullish(),
  runner_name: z.string().nullish(),
});

export interface Sighting {
  source: JobObservation['source'];
  /** Epoch ms. */
  seenAt: number;
  owner: string;
  repository: string;
}

/**
 * One job of GitHub's as everything else sees it. `started_at` is no sign of a start: GitHub sets it when it
 * creates the job. Nor is a runner's name in a queued job, as one of GitHub's own examples has it.
 */
export function observeJob(job: z.infer<typeof jobSchema>, sighting: Sighting): JobObservation {
  const { source, seenAt, owner, repository } = sighting;
  const status = statusOf(job.status);
  const mayHaveRunner = status === 'in_progress' || status === 'completed';
  const createdAt = Date.parse(job.created_at ?? job.started_at ?? '');
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
    labels: (job.labels ?? []).filter((label) => label !== null),
    status,
    conclusion: status === 'completed' ? (job.conclusion ?? null) : null,
    queuedAt: Number.isNaN(createdAt) ? seenAt : createdAt,
    runnerId: (mayHaveRunner && job.runner_id) || null,
    runnerName: (mayHaveRunner && job.runner_name) || null,
  };
}

/** `requested`, `pending` and whatever GitHub may add stand before `queued`: no runner is wanted yet. */
function statusOf(text: string): JobStatus {
  return text === 'queued' || text === 'in_progress' || text === 'completed' ? text : 'waiting';
}
