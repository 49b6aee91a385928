import { RANGES } from '../frame/ranges.js';
import { ViewLoader } from '../session/view-loader.js';

/** @typedef {import('../session/api.js').Answers['/api/usage']} Usage */

/**
 * Loads the usage when another one is wanted, and not again and again: the daemon reads its journal for it.
 * @param {import('../session/api.js').Api} api
 * @param {import('../session/view-loader.js').Listeners & { now: () => number }} listeners `now`: the present on the daemon's clock, in epoch ms
 */
export function usageLoader(api, { now, ...listeners }) {
  /** @type {ViewLoader<Usage>} */
  const loader = new ViewLoader({
    load: ({ by = '', range, at }) => {
      const until = Math.round(at ?? now());
      return api.get('/api/usage', { by, since: until - RANGES[range].ms, until });
    },
    pace: () => null,
    ...listeners,
  });
  return loader;
}
