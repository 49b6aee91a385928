import type { Job, JobStatus } from './context.ts';

/**
 * What one source saw of one job at one time. Webhook, poll and recheck are turned into this before anything else reads
 * them. It is a hint (law 6), stored as JSON.
 */
export interface JobObservation {
  source: 'webhook' | 'poll' | 'recheck';
  /** Epoch ms at which we saw it. */
  seenAt: number;
  jobId: number;
  runId: number;
  runAttempt: number;
  owner: string;
  repository: string;
  workflow: string;
  name: string;
  url: string;
  commit: string | null;
  branch: string | null;
  /** `runs-on` as GitHub gives it, in its case. */
  labels: string[];
  status: JobStatus;
  conclusion: string | null;
  /** Epoch ms at which GitHub says that the job was created. */
  queuedAt: number;
  /** Null when no runner has it, never 0 or ''. */
  runnerId: number | null;
  runnerName: string | null;
}

/**
 * Returns the observation that a job is completed, for a job that GitHub does not have any more or whose run is over.
 */
export function endObservation(job: Job, conclusion: string | null, seenAt: number): JobObservation {
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
    commit: job.commit,
    branch: job.branch,
    labels: job.labels,
    status: 'completed',
    conclusion,
    queuedAt: job.queuedAt,
    runnerId: null,
    runnerName: null,
  };
}
