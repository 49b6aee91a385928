import type { VmImage } from '../../machines/job/context.ts';
import type { ImageVersion, Rollout } from '../store/tables/hosts/rollouts.ts';
import { endDoubt } from './rollout-steps.ts';

/** What an attempt showed of its host and its image together. */
export interface SeenAttempt {
  host: string;
  profile: string;
  /** Null for a VM of which nobody knows the digest. */
  image: VmImage | null;
  /** The version of the runner in it, where a probe found it. */
  runner: string | null;
  /** Why it failed, as a sentence, for a cause that may be the host or the image; null when it works. */
  failure: string | null;
}

/** VMs of an image that are remembered: older ones count less and less, since hosts and GitHub change. */
const REMEMBERED = 200;

/**
 * Counts an attempt for its image. A failure of the tried image is in doubt until a VM of the old image works on
 * the same host (then the image is the cause) or fails there too (then it is the host, or something that both need).
 */
export function noteAttempt(rollout: Rollout, seen: SeenAttempt, now: number): Rollout {
  const { current, trial } = rollout;
  const { image, host, failure, runner } = seen;
  if (image === null) return rollout;
  if (trial && image.digest === trial.digest) {
    if (failure === null) return { ...rollout, trial: { ...trial, ...served(trial, runner) } };
    // Without a VM of the old image between them, two failures show no more than one.
    return { ...rollout, trial: { ...trial, doubt: trial.doubt ?? { at: now, why: failure } } };
  }
  if (image.digest !== current.digest) return rollout;
  const counted =
    failure === null ? served(current, runner) : { served: current.served, failed: current.failed + 1 };
  const after = { ...rollout, current: { ...current, ...faded(counted) } };
  return trial?.host === host ? endDoubt(after, failure !== null) : after;
}

const served = (version: ImageVersion, runner: string | null) => ({
  served: version.served + 1,
  failed: version.failed,
  runner: runner ?? version.runner,
});

function faded<T extends { served: number; failed: number }>(tally: T): T {
  if (tally.served + tally.failed <= REMEMBERED) return tally;
  return { ...tally, served: Math.round(tally.served / 2), failed: Math.round(tally.failed / 2) };
}
