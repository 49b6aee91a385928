// @ts-check
import { blameWord } from '../outcome.js';

/**
 * How the terminal and the page show usage.
 *
 * @typedef {import('./usage-tally.ts').Usage} Usage
 */

/** Whom a row is about. @param {import('./usage-by.js').UsageBy} by @param {string} name */
export function usageName(by, name) {
  if (name !== '') return name;
  return by === 'repository' ? '(no job yet)' : by === 'host' ? '(no host)' : '(unknown)';
}

/** @param {number} ms */
export function minutes(ms) {
  const all = ms / 60_000;
  return all < 10 ? all.toFixed(1) : String(Math.round(all));
}

/** Jobs that neither succeeded, failed nor were lost. @param {Usage} usage */
export function otherJobs({ jobs, outcomes: { succeeded = 0, failed = 0, lost = 0 } }) {
  return jobs - succeeded - failed - lost;
}

/** Whose fault the failed and the lost jobs were: `the job itself 4, the image 1`. @param {Usage} usage */
export function faultsOf({ failures }) {
  const counts = Object.entries(failures).sort(([, a], [, b]) => b - a);
  return counts.map(([blame, count]) => `${wordOf(blame)} ${count}`).join(', ');
}

/** @param {string} blame */
const wordOf = (blame) =>
  blame === 'unknown'
    ? 'unknown'
    : blameWord(/** @type {import('../../../machines/failure.ts').Blame} */ (blame));
