import { clock, counted, moment } from '../../format.js';

/**
 * Whether jobs are served, in one sentence: what is wrong, for whom, and the one next move.
 *
 * @typedef {import('../../journal/attention/attention.js').Item} Item
 *
 * @typedef {object} ServiceVerdict
 * @property {'good' | 'warn' | 'bad' | 'idle'} mood
 * @property {string} headline one sentence
 * @property {string} cause what is wrong; empty where nothing is
 * @property {string} whom empty where nothing is wrong
 * @property {string} next empty where nobody has to do anything
 */

/**
 * @param {{
 *   readiness: Pick<import('../session/api.js').Readiness, 'ready'> | null,
 *   items: Item[],
 *   now: number,
 *   isPast: boolean,
 *   isReplay: boolean,
 *   lostAt: number | null,
 * }} view `items` the worst first; `lostAt` epoch ms at which the connection was lost
 * @returns {ServiceVerdict}
 */
export function serviceVerdict({ readiness, items, now, isPast, isReplay, lostAt }) {
  const [worst] = items;
  if (isReplay) return toldByJournal('This is a recording of one job.', worst);
  if (isPast) return toldByJournal(`This is what was true at ${moment(now)}.`, worst);
  if (lostAt !== null) {
    return {
      mood: 'bad',
      headline: 'The daemon does not respond.',
      cause: `This page shows the state at ${clock(lostAt)}.`,
      whom: 'every job, if the daemon has ended',
      next: 'Check that its process runs. This page continues by itself.',
    };
  }
  if (readiness === null) return calm('idle', 'Asking the daemon…');
  if (!worst) return calm('good', 'Jobs are served. Nothing needs you.');
  return {
    mood: readiness.ready ? 'warn' : 'bad',
    headline: readiness.ready ? 'Jobs are served, but something needs you.' : 'No job can be served.',
    cause: sentenceOf(worst),
    whom: worst.whom,
    next: worst.act,
  };
}

/** @param {ServiceVerdict['mood']} mood @param {string} headline @returns {ServiceVerdict} */
const calm = (mood, headline) => ({ mood, headline, cause: '', whom: '', next: '' });

/** The journal does not say whether jobs were served. @param {string} headline @param {Item | undefined} worst @returns {ServiceVerdict} */
function toldByJournal(headline, worst) {
  if (!worst) return calm('idle', headline);
  return { mood: 'idle', headline, cause: sentenceOf(worst), whom: worst.whom, next: '' };
}

/** @param {Item} item */
function sentenceOf({ key, what, sentence }) {
  return key.startsWith('ended ') ? `${what}: ${sentence}` : sentence;
}

/** Returns what needs attention, counted: `2 need attention`. @param {number} count */
export function attentionWords(count) {
  if (count === 0) return 'nothing needs you';
  return `${counted(count, 'needs', 'need')} attention`;
}
