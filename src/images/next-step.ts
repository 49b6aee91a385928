import type { Rollout } from '../store/tables/hosts/rollouts.ts';
import { back, began, ended, first, type RolloutStep, spread } from './rollout-steps.ts';

/** What the config names as the image of a profile. */
export interface Configured {
  reference: string;
  /** The digest that it has now; undefined while no host has said it. */
  digest: string | undefined;
}

/**
 * The step that what the config names now asks for; null for none. Without a host that takes jobs no trial
 * begins. A refused image is not tried again until the reference has another digest.
 */
export function nextStep(
  rollout: Rollout | null,
  { reference, digest }: Configured,
  open: readonly string[],
  now: number,
): RolloutStep | null {
  if (rollout?.trial && rollout.trial.reference !== reference)
    return ended(rollout, 'The config names another image now.', now);
  if (digest === undefined) return null;
  if (rollout === null) return first({ reference, digest }, now);
  const { current, trial, refused } = rollout;
  if (digest === current.digest)
    return trial === null ? null : ended(rollout, 'Its reference has the old digest again.', now);
  if (digest === trial?.digest || (trial === null && digest === refused?.digest)) return null;
  const host = trial?.host ?? open[0];
  return host === undefined ? null : began(rollout, { reference, digest }, host, now);
}

/** The step that an operator orders, or why it is not possible, as a sentence. */
export function orderedStep(
  what: 'try' | 'spread' | 'back',
  rollout: Rollout,
  by: string,
  [host]: readonly string[],
  now: number,
): RolloutStep | string {
  const { current, previous, trial, refused } = rollout;
  const why = `${by} ordered it.`;
  if (what === 'back') {
    if (trial === null && previous === null)
      return 'No trial is under way, and no earlier image is known: there is nothing to go back to.';
    return back(rollout, why, now, by);
  }
  const next = trial ?? refused;
  if (next === null) return `There is no other image: ${current.digest} is used on every host.`;
  if (what === 'spread') return spread(rollout, next, why, now, by);
  if (trial) return `A trial is under way on ${trial.host}.`;
  return host === undefined ? 'No host takes jobs now.' : began(rollout, next, host, now);
}
