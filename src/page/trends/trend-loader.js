import { ViewLoader } from '../session/view-loader.js';

/**
 * @typedef {import('../session/api.js').Answers['/api/trends']} Trends
 * @typedef {import('../session/view-loader.js').Listeners} Listeners
 */

/** Milliseconds between two loads: the shortest point is a minute. */
const PACE = 30_000;
/** The same while the daemon still reads its journal. */
const READING_PACE = 500;

/** Keeps the trends up to date while they are shown. @param {import('../session/api.js').Api} api @param {Listeners} listeners */
export function trendLoader(api, listeners) {
  /** @type {ViewLoader<Trends>} */
  const loader = new ViewLoader({
    load: ({ range, at }) => api.get('/api/trends', { range, ...(at !== null && { at: Math.round(at) }) }),
    pace: (answer) => (answer && answer.read < 1 ? READING_PACE : PACE),
    ...listeners,
  });
  return loader;
}
