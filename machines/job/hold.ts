import type { FailureCode } from '../failure.ts';
import { type Hold, type Job, type JobContext, NO_JOB } from './context.ts';
import type { JobPolicy } from './policy.ts';

/** Milliseconds from the end of the work to the end of the longest hold, whatever is ordered. */
export const LONGEST_HOLD = 4 * 3_600_000;

/** Failures after which there is no VM to look into, or a VM that does not show why it failed. */
const NOTHING_TO_SEE: readonly FailureCode[] = [
  'HOST_LOST',
  'HOST_FULL',
  'VM_VANISHED',
  'VM_NOT_FOUND',
  'VM_CREATE_FAILED',
  'VM_NAME_TAKEN',
  'LIFETIME_EXCEEDED',
  'END_UNSEEN',
  'IMAGE_NOT_READY',
  'PROFILE_DIFFERS',
  'JOB_NO_LONGER_QUEUED',
];

const FAILED: readonly (string | null)[] = ['failure', 'timed_out'];

/**
 * Returns the hold that follows if the work of this VM ends now; null if nothing failed in it, or nobody wants to hold
 * it. Without an order, a VM is not held for a failure that is GitHub's: such a VM has nothing to show.
 */
export function holdAfter(context: JobContext, policy: JobPolicy, now: number): Hold | null {
  const { job, vm } = context;
  if (job.id === NO_JOB || !vm?.id || !hasFailedHere(context)) return null;
  const automatic = context.failure?.blame === 'github' ? undefined : policy.holdFailed[vm.profile];
  const order = job.holdOrder ?? (automatic ? { by: null, at: now, lasts: automatic } : null);
  if (order === null) return null;
  return begun({ ...order, jobId: job.id, until: 0, latest: 0, vnc: null, ended: null }, vm.expiresAt, now);
}

/** Returns the hold as it begins at `now` (epoch ms); it ends before the lifetime of its VM does. */
export function begun(hold: Hold, expiresAt: number | null, now: number): Hold {
  const latest = Math.min(now + LONGEST_HOLD, expiresAt ?? Number.MAX_SAFE_INTEGER);
  return { ...hold, latest, until: Math.min(now + hold.lasts, latest) };
}

/** Returns the hold with its whole time from `now` on (epoch ms), up to its latest end. */
export function restarted(hold: Hold, now: number): Hold {
  return { ...hold, until: Math.min(now + hold.lasts, hold.latest) };
}

function hasFailedHere({ job, runner, failure }: JobContext): boolean {
  if (failure !== null) return failure.blame !== 'operator' && !NOTHING_TO_SEE.includes(failure.code);
  return isFailed(job) && runner !== null && job.takenBy?.runner === runner.name;
}

const isFailed = ({ status, conclusion }: Job) => status === 'completed' && FAILED.includes(conclusion);
