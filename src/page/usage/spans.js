/** How far back usage is shown, as its address says it. */
export const SPANS = {
  '24h': { ms: 24 * 3_600_000, label: '24 hours' },
  '7d': { ms: 7 * 24 * 3_600_000, label: '7 days' },
  '30d': { ms: 30 * 24 * 3_600_000, label: '30 days' },
};

/** @typedef {keyof typeof SPANS} Span */

export const SPAN_NAMES = /** @type {Span[]} */ (Object.keys(SPANS));

/** What each row of the usage is about. @type {import('../../journal/usage/usage-fold.ts').UsageBy[]} */
export const USAGE_BY = ['repository', 'profile', 'host'];
