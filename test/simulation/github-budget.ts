import type { SimulatedWorld } from './simulated-world.ts';

/** Whose budget the daemon's token uses. */
export const BUDGET = 'user octocat';

/** The parts of the hourly budget that are kept from looking for work, and from serving known jobs. */
export const KEPT_FROM_LOOKING = 0.1;
export const KEPT_FROM_SERVING = 0.05;

/**
 * Whether GitHub's hourly budget is used up but for this part. Until the reset the daemon rightly begins
 * nothing for which the rest is not kept; judged from GitHub's own count.
 */
export function isBudgetShort({ github }: SimulatedWorld, kept: number): boolean {
  return github.limits.partLeft(BUDGET) < kept;
}
