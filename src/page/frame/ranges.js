const HOUR = 3_600_000;

/** How far back figures and the time bar go, by the name in the address. */
export const RANGES = {
  '15m': { ms: HOUR / 4, label: '15 min' },
  '1h': { ms: HOUR, label: '1 hour' },
  '6h': { ms: 6 * HOUR, label: '6 hours' },
  '24h': { ms: 24 * HOUR, label: '24 hours' },
  '7d': { ms: 7 * 24 * HOUR, label: '7 days' },
  '30d': { ms: 30 * 24 * HOUR, label: '30 days' },
};

/** @typedef {keyof typeof RANGES} Range */

/** The views whose address has a range, with those that they offer and the one that they start with. */
const VIEWS = {
  trends: {
    offered: /** @type {Range[]} */ (['1h', '6h', '24h', '7d']),
    start: /** @type {Range} */ ('24h'),
  },
  usage: { offered: /** @type {Range[]} */ (['24h', '7d', '30d']), start: /** @type {Range} */ ('7d') },
};

/** Returns the ranges that a view offers. @param {keyof typeof VIEWS} view */
export const rangesOf = (view) => VIEWS[view].offered;

/** Returns the range that an address means; null where its view has none. @param {string} view @param {string | null} name in the address */
export function rangeIn(view, name) {
  if (view !== 'trends' && view !== 'usage') return null;
  const { offered, start } = VIEWS[view];
  return offered.find((one) => one === name) ?? start;
}
