import type { Blame, Failure, FailureCode } from '../failure.ts';
import { pauseAfter } from '../pause.ts';
import type { Job, JobContext } from './context.ts';
import { holdAfter } from './hold.ts';
import type { JobPolicy } from './policy.ts';

/**
 * Failures after which a job goes on elsewhere or later as if nothing had failed: its host is lost, full or drained,
 * or has to pull the image first.
 */
const UNCOUNTED: readonly FailureCode[] = ['HOST_LOST', 'HOST_FULL', 'HOST_DRAINED', 'IMAGE_NOT_READY'];

/** Whose failures count as failed attempts. A failure of GitHub, an operator or the job is not counted. */
const COUNTED: readonly Blame[] = ['us', 'host', 'image'];

/** The job after an attempt that ended for this reason. */
export function withFailedAttempt(job: Job, { code, blame }: Failure): Job {
  const isInVain = !UNCOUNTED.includes(code);
  return {
    ...job,
    vmsInVain: job.vmsInVain + Number(isInVain),
    attemptsFailed: job.attemptsFailed + Number(isInVain && COUNTED.includes(blame)),
    runnersUnused: job.runnersUnused + Number(code === 'RUNNER_UNUSED'),
  };
}

/**
 * The job as it goes on without the VM of this context: in its queue, after a pause that grows with the attempts that
 * failed (law 11). When nothing failed, there is no pause. An order to hold its VM is kept for the VM in which it fails.
 */
export function releasedJob(context: JobContext, policy: JobPolicy, now: number): Job {
  const { job, failure } = context;
  const isHeld = (context.hold ?? holdAfter(context, policy, now)) !== null;
  return {
    ...job,
    holdOrder: isHeld ? null : job.holdOrder,
    lastFailure: failure,
    notBefore: failure === null ? now : now + pauseBeforeNext(job, failure, policy),
  };
}

function pauseBeforeNext(job: Job, { code, blame }: Failure, policy: JobPolicy): number {
  if (code === 'IMAGE_NOT_READY') return 0;
  if (UNCOUNTED.includes(code)) return policy.attemptPause.first;
  return Math.max(pauseForCause(job, { code, blame }, policy), paceOf(job, policy));
}

function pauseForCause(
  { attemptsFailed, runnersUnused }: Job,
  { code, blame }: Pick<Failure, 'code' | 'blame'>,
  { attemptPause, slowAttemptPause, unusedPause, maxAttempts }: JobPolicy,
): number {
  if (code === 'RUNNER_UNUSED') return pauseAfter(unusedPause, runnersUnused - 1);
  if (!COUNTED.includes(blame)) return attemptPause.first;
  if (attemptsFailed < maxAttempts) return pauseAfter(attemptPause, Math.max(0, attemptsFailed - 1));
  return pauseAfter(slowAttemptPause, attemptsFailed - maxAttempts);
}

/** How many VMs a job may use without running in one of them, before its pauses grow with each further one. */
const UNPACED = 3;

/**
 * The least pause. Each cause has pauses of its own that grow, some of them for its scope and not for the job: a job
 * whose VMs are in vain for one cause after the other would get VM after VM.
 */
function paceOf({ vmsInVain }: Job, { unusedPause }: JobPolicy): number {
  return vmsInVain < UNPACED ? 0 : pauseAfter(unusedPause, vmsInVain - UNPACED);
}
