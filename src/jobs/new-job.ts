import type { Job } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';

/** A job as it is first recorded. */
export function jobFrom(seen: JobObservation, profile: string, takenBy: Job['takenBy'] = null): Job {
  return {
    id: seen.jobId,
    runId: seen.runId,
    runAttempt: seen.runAttempt,
    owner: seen.owner,
    repository: seen.repository,
    workflow: seen.workflow,
    name: seen.name,
    url: seen.url,
    commit: seen.commit,
    branch: seen.branch,
    labels: seen.labels,
    profile,
    status: seen.status,
    conclusion: seen.conclusion,
    takenBy,
    queuedAt: seen.queuedAt,
    attempt: 0,
    attemptsFailed: 0,
    runnersUnused: 0,
    vmsInVain: 0,
    lastFailure: null,
    notBefore: 0,
    holdOrder: null,
  };
}
