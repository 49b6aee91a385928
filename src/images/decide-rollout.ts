import { counted, span } from '../format.js';
import { failureChance, type Tally } from './failure-chance.ts';

export type Verdict = 'trying' | 'spread' | 'back';

/** VMs of the tried image that have to work before it spreads. */
export const ENOUGH = 5;
/** Milliseconds after which one VM that works is enough: the profile has few jobs. */
export const LONG = 24 * 3_600_000;
/** VMs of the tried image after which there is a verdict in any case. */
const MOST = 30;
/** If fewer VMs of the old image were counted, the missing ones count as VMs that worked. */
const SEEN = 10;
/** Failures before the image can go back: one alone may be chance. */
const FAILURES = 2;

/**
 * Chances that two equally good images differ this much. Below `WORSE` the image goes back: the limit is low, since the
 * question is asked again after each VM. From `OPEN` on, nothing speaks against the image. Between the two, further VMs
 * decide.
 */
const WORSE = 0.01;
const OPEN = 0.1;
/** Below this chance the image goes back after the last VM of the trial. */
const WORSE_AT_LAST = 0.05;

/**
 * Decides whether the next image of a profile is tried further, spreads to all hosts or goes back, from how
 * many of its VMs failed on the trial's host and how many of the old image failed anywhere. Only failures that
 * may be the image's count, and only those that the trial's host is not the cause of. `lasts`: milliseconds
 * since the trial began. `why` is a sentence.
 */
export function decideRollout(
  trial: Tally & { lastFailure: string | null },
  old: Tally,
  lasts: number,
): { verdict: Verdict; why: string } {
  const tried = trial.served + trial.failed;
  const missing = Math.max(0, SEEN - old.served - old.failed);
  const chance = failureChance(trial, { served: old.served + missing, failed: old.failed });
  const isLast = tried >= MOST;
  if (trial.failed >= FAILURES && chance < (isLast ? WORSE_AT_LAST : WORSE)) {
    const last = trial.lastFailure === null ? '' : ` The last failure: ${trial.lastFailure}`;
    return { verdict: 'back', why: `${rate(trial)} failed, and ${rateOfOld(old)}.${last}` };
  }
  const isEnough = trial.served >= ENOUGH || (trial.served > 0 && lasts >= LONG);
  if (isLast || (isEnough && chance >= OPEN)) {
    const after = trial.served >= ENOUGH ? '' : ` in ${span(lasts)}`;
    return {
      verdict: 'spread',
      why: `${rate(trial)} failed${after}, which is not clearly more than with the old image (${rateOfOld(old)}).`,
    };
  }
  return {
    verdict: 'trying',
    why: `${counted(trial.served, 'VM')} of it worked and ${trial.failed} failed. It spreads after ${ENOUGH} that worked, or after ${span(LONG)} if one worked, unless it fails clearly more often than the old image (${rateOfOld(old)}).`,
  };
}

const rate = ({ served, failed }: Tally) => `${failed} of ${counted(served + failed, 'VM')} of it`;

const rateOfOld = ({ served, failed }: Tally) =>
  served + failed === 0
    ? 'no VM of the old image was counted'
    : `${failed} of ${counted(served + failed, 'VM')} of the old image failed`;
