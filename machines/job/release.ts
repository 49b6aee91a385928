import type { Blame, Failure, FailureCode } from '../failure.ts';
import { pauseAfter } from '../pause.ts';
import type { Job, JobContext } from './context.ts';
import type { JobPolicy } from './policy.ts';

/** Failures that are not counted as a failed attempt: the host is lost or full, or has to pull the image first. */
const UNCOUNTED: readonly FailureCode[] = ['HOST_LOST', 'HOST_FULL', 'IMAGE_NOT_READY'];

/** Whose failures count as failed attempts. A failure of GitHub, an operator or the job is not counted. */
const COUNTED: readonly Blame[] = ['us', 'host', 'image'];

/** The job after an attempt that ended for this reason. */
export function withFailedAttempt(job: Job, { code, blame }: Failure): Job {
  const counts = COUNTED.includes(blame) && !UNCOUNTED.includes(code);
  return {
    ...job,
    attemptsFailed: job.attemptsFailed + Number(counts),
    runnersUnused: job.runnersUnused + Number(code === 'RUNNER_UNUSED'),
  };
}

/**
 * The job as it goes on without the VM of this context: in its queue, after a pause that grows with the attempts that
 * failed (law 11). When nothing failed, there is no pause.
 */
export function releasedJob({ job, failure }: JobContext, policy: JobPolicy, now: number): Job {
  return {
    ...job,
    lastFailure: failure,
    notBefore: failure === null ? now : now + pauseBeforeNext(job, failure, policy),
  };
}

function pauseBeforeNext(
  { attemptsFailed, runnersUnused }: Job,
  { code, blame }: Failure,
  { attemptPause, slowAttemptPause, unusedPause, maxAttempts }: JobPolicy,
): number {
  // A job whose VMs fail for different reasons in turn would otherwise never get a long pause.
  if (code === 'RUNNER_UNUSED') return pauseAfter(unusedPause, runnersUnused + attemptsFailed - 1);
  if (code === 'IMAGE_NOT_READY') return 0;
  if (!COUNTED.includes(blame) || UNCOUNTED.includes(code)) return attemptPause.first;
  if (attemptsFailed < maxAttempts) return pauseAfter(attemptPause, Math.max(0, attemptsFailed - 1));
  return pauseAfter(slowAttemptPause, attemptsFailed - maxAttempts);
}
