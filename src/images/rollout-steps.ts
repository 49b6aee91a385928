import type { VmImage } from '../../machines/job/context.ts';
import { shortDigest } from '../format.js';
import type { ImageVersion, Rollout } from '../store/tables/hosts/rollouts.ts';

/** A rollout after a step, how the journal names the step, and why it was taken, as sentences. */
export interface RolloutStep {
  rollout: Rollout;
  event: string;
  why: string;
}

const short = ({ digest }: VmImage) => shortDigest(digest);

const uncounted = ({ reference, digest }: VmImage): ImageVersion => ({
  reference,
  digest,
  runner: null,
  served: 0,
  failed: 0,
});

/** The first image that is seen of a profile is in use at once: there is nothing to compare it with. */
export function first(image: VmImage, at: number): RolloutStep {
  const why = `${short(image)} is used on every host: it is the first image that was seen of this profile.`;
  const last = { what: 'first' as const, why, at, by: null };
  const rollout = { current: uncounted(image), previous: null, trial: null, refused: null, last };
  return { rollout, event: 'image.first', why };
}

/** The image is tried on one host. Another trial ends without a verdict. */
export function began(rollout: Rollout, image: VmImage, host: string, at: number): RolloutStep {
  const trial = { ...uncounted(image), host, since: at, doubt: null, lastFailure: null };
  const why = `${short(image)} is tried on ${host} first; other VMs are made from ${short(rollout.current)}.`;
  return { rollout: { ...rollout, trial, refused: null }, event: 'image.tried', why };
}

/** The trial goes on at another host, and what it has shown so far still counts. */
export function moved(rollout: Rollout, host: string): RolloutStep {
  const { trial } = rollout;
  const why = `The trial goes on at ${host}, since ${trial?.host} takes no jobs.`;
  return {
    rollout: { ...rollout, trial: trial && { ...trial, host, doubt: null } },
    event: 'image.tried',
    why,
  };
}

/** The trial ends without a verdict: its image is not wanted any more. */
export function ended(rollout: Rollout, why: string, at: number): RolloutStep {
  const last = { what: 'back' as const, why, at, by: null };
  return { rollout: { ...rollout, trial: null, last }, event: 'image.trialEnded', why };
}

/** The image is used on every host from now on. */
export function spread(
  rollout: Rollout,
  image: VmImage,
  reason: string,
  at: number,
  by: string | null,
): RolloutStep {
  const { current, trial } = rollout;
  const why = `${short(image)} is used on every host from now on. ${reason}`;
  const { reference, digest, runner, served, failed } = trial ?? uncounted(image);
  return {
    rollout: {
      current: { reference, digest, runner, served, failed },
      previous: { reference: current.reference, digest: current.digest },
      trial: null,
      refused: null,
      last: { what: 'spread', why, at, by },
    },
    event: 'image.spread',
    why,
  };
}

/** The tried image is refused; without a trial, the image in use is refused, and the previous one is used again. */
export function back(rollout: Rollout, reason: string, at: number, by: string | null): RolloutStep {
  const { current, previous, trial } = rollout;
  const refused = trial ?? current;
  const used = trial || previous === null ? current : uncounted(previous);
  const why = `${short(refused)} is not used any more, and every host uses ${short(used)}. ${reason}`;
  return {
    rollout: {
      current: used,
      previous: trial ? previous : null,
      trial: null,
      refused: { reference: refused.reference, digest: refused.digest, why, at },
      last: { what: 'back', why, at, by },
    },
    event: 'image.back',
    why,
  };
}

/** The doubt ends: the failure counts against the tried image, unless the host is the cause. */
export function endDoubt(rollout: Rollout, isHost: boolean): Rollout {
  const { trial } = rollout;
  if (!trial?.doubt) return rollout;
  const counted = isHost ? {} : { failed: trial.failed + 1, lastFailure: trial.doubt.why };
  return { ...rollout, trial: { ...trial, ...counted, doubt: null } };
}
