import { BLAMES, type Blame } from '../../../machines/failure.ts';
import type { Job } from '../../../machines/job/context.ts';
import { END_UNSEEN } from '../../../machines/job/job-end.ts';
import { beginsTeardown } from '../../../machines/job/written-state.ts';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';

/**
 * What one entry says of a job or an attempt, so that trends and usage count the same.
 */

/** Returns whether the job runs on a runner of ours. One whose runner is not known yet counts as ours. */
export function startedHere({ status, takenBy }: Job): boolean {
  return status === 'in_progress' && takenBy?.isOurs !== false;
}

/**
 * Returns the milliseconds from queued to an instant on our clock (epoch ms). `githubAhead`: by how many milliseconds
 * GitHub's clock, which dates the jobs, is ahead of ours.
 */
export function waitOf({ queuedAt }: Job, at: number, githubAhead: number): number {
  return Math.max(0, at - (queuedAt - githubAhead));
}

/**
 * Returns whose fault it was that an attempt failed with this entry; null where none did. A job that is given up in
 * the queue had no VM, so no attempt failed; of an end that nobody saw it is not known whether one did.
 */
export function failedAttemptOf({ from, to, detail }: StoredJournalEntry): Blame | null {
  if (!beginsTeardown(from, to) || detail?.code === END_UNSEEN.code) return null;
  return BLAMES.find((one) => one === detail?.blame) ?? null;
}
