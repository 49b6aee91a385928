import { clock, counted, span } from '../../format.js';

/**
 * How reliable webhooks are, in words.
 *
 * @typedef {import('../../journal/overview.js').Webhooks} Webhooks
 *
 * @typedef {object} WebhookWords
 * @property {'good' | 'warn' | 'bad' | 'idle'} mood
 * @property {string} verdict one word or two
 * @property {string} why the reason, and since when
 * @property {string} last the last delivery, and what was asked for again
 * @property {string} trouble why GitHub cannot be asked; empty when it can
 */

/**
 * @param {Webhooks} webhooks
 * @param {string} mode
 * @param {number} now epoch ms at which that was so
 * @returns {WebhookWords}
 */
export function webhookWords(webhooks, mode, now) {
  const { deliveredAt, redelivered, failure } = webhooks;
  const last =
    deliveredAt === null ? 'No verified delivery yet.' : `Last delivery ${span(now - deliveredAt)} ago.`;
  const again =
    redelivered > 0
      ? ` GitHub was asked to send ${counted(redelivered, 'failed delivery', 'failed deliveries')} again.`
      : '';
  return {
    ...verdictOf(webhooks, mode),
    last: last + again,
    trouble: failure
      ? `Failed deliveries cannot be requested again: ${failure.code}: ${failure.message}`
      : '',
  };
}

/** @param {Webhooks} webhooks @param {string} mode @returns {Pick<WebhookWords, 'mood' | 'verdict' | 'why'>} */
function verdictOf({ state, since, gap, lookAt }, mode) {
  const from = `since ${clock(since)}`;
  if (state === 'trusted')
    return {
      mood: 'good',
      verdict: 'trusted',
      why: `${from}: deliveries reported everything that polls found. The next look for failed ones is at ${clock(lookAt)}.`,
    };
  if (state === 'doubted')
    return {
      mood: 'warn',
      verdict: 'doubted',
      why: `${from}: ${gap ? `${gap.why} (found at ${clock(gap.at)})` : 'a delivery is missing'}. The daemon polls at the short interval; the next check is at ${clock(lookAt)}.`,
    };
  if (state === 'repairing')
    return { mood: 'idle', verdict: 'repairing', why: 'GitHub is asked for the deliveries that failed.' };
  if (mode === 'poll') return { mood: 'idle', verdict: 'not used', why: 'The mode is poll.' };
  return { mood: 'idle', verdict: 'silent', why: `${from}: only polling finds jobs.` };
}
