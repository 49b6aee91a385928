/**
 * What a call to GitHub is for, the most urgent first: that order decides which calls stop while little is
 * left.
 */
export const PURPOSES = ['teardown', 'serving jobs', 'rechecks', 'looking for work'] as const;

export type Purpose = (typeof PURPOSES)[number];

/** The common hourly budget as it stands: GitHub's last figure, and the calls that may still count against it. */
export interface BudgetLeft {
  limit: number;
  remaining: number;
  /** Epoch ms. */
  resetAt: number;
  /** Calls that were sent and got no response yet. */
  underWay: number;
}

/**
 * The part of the hourly budget that each purpose leaves to those before it (law 9). Teardown may use all of
 * it. Calls for running jobs go on longer than rechecks of jobs, and both longer than looking for new work.
 */
const FLOORS: Record<Purpose, number> = {
  teardown: 0,
  'serving jobs': 0.05,
  rechecks: 0.075,
  'looking for work': 0.1,
};

/**
 * Calls that a purpose may still make before it reaches its floor. The call that goes below it is the last
 * one; with several at once, each counts those under way as spent; otherwise five that look for work would
 * use up the share of teardown.
 */
export function callsLeft(purpose: Purpose, { limit, remaining, underWay }: BudgetLeft): number {
  const left = remaining - underWay;
  const floor = limit * FLOORS[purpose];
  return Math.max(0, floor === 0 ? left : Math.floor(left - floor) + 1);
}

/**
 * Returns the instant (epoch ms) before which calls of a purpose have to wait; null when they may go on. What GitHub
 * itself asked for (`blockedUntil`) also applies to teardown, whose calls would be refused. Without a known budget
 * nothing waits.
 */
export function pausedUntil(
  purpose: Purpose,
  budget: BudgetLeft | null,
  blockedUntil: number,
  now: number,
): number | null {
  const isShort =
    budget !== null && FLOORS[purpose] > 0 && now < budget.resetAt && callsLeft(purpose, budget) === 0;
  const until = Math.max(blockedUntil, isShort ? budget.resetAt : 0);
  return now < until ? until : null;
}
