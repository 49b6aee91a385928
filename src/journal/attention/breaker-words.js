// @ts-check
import { clock } from '../../format.js';

/** What a breaker holds back. @type {Record<import('../overview.js').SeenBreaker['about'], string>} */
const SUBJECTS = {
  github: 'GitHub',
  registration: 'Registration',
  pull: 'Pull',
  pair: 'Profile on a host',
  host: 'Host',
  profile: 'Profile',
};

/** @param {string} about */
export const breakerSubject = (about) =>
  Object.entries(SUBJECTS).find(([key]) => key === about)?.[1] ?? about;

/**
 * Returns why something is held back, and until when.
 * @param {import('../overview.js').SeenBreaker} breaker
 */
export function breakerWords({ state, failures, lastFailure, retryAt }) {
  const until = state === 'open' ? `until ${clock(retryAt)}` : 'except for one trial attempt';
  return `Held back ${until}: ${failures === 1 ? 'it failed' : `it failed ${failures} times in a row`}. ${lastFailure?.message ?? ''}`;
}
