import { html, nothing } from '/lib/lit-html/lit-html.js';
import { moment } from '../../format.js';
import { attentionWords } from '../overview/service-verdict.js';
import { addressOf } from './address.js';

/** @type {Record<import('../session/session.js').Session['connection'], [mood: string, words: string]>} */
const LINKS = {
  live: ['good', 'connected'],
  connecting: ['idle', 'connecting'],
  lost: ['bad', 'no connection'],
};

/** @type {[view: import('./address.js').View, label: string][]} */
const VIEWS = [
  ['overview', 'Overview'],
  ['jobs', 'Jobs'],
  ['hosts', 'Hosts'],
  ['trends', 'Trends'],
  ['usage', 'Usage'],
  ['chart', 'Chart'],
];

/**
 * The views, what needs attention now, and whether the page is up to date.
 * @param {{
 *   session: import('../session/session.js').Session,
 *   place: import('./address.js').Place,
 *   items: import('../../journal/attention/attention.js').Item[],
 *   notifier: import('../attention/notifier.js').Notifier,
 *   onNotify: () => void,
 *   onSkip: (event: Event) => void,
 * }} view `items` of the present
 */
export function headView({ session, place, items, notifier, onNotify, onSkip }) {
  const { connection, mode, role, lostAt, past } = session;
  const [mood, words] = mode === 'replay' ? ['idle', 'recording'] : LINKS[connection];
  const view = place.view === 'job' ? 'jobs' : place.view;
  const attention = items.length === 0 ? 'good' : session.readiness?.ready ? 'warn' : 'bad';
  return html`
    <a class="skip" href=${addressOf(place)} @click=${onSkip}>Skip to the content</a>
    <header class="head">
      <h1><a href=${addressOf({})}>jeballto-runner</a></h1>
      <nav aria-label="Views">${VIEWS.filter(([name]) => mode === 'live' || name !== 'trends').map(
        ([name, label]) =>
          html`<a href=${addressOf({ view: name })} aria-current=${name === view ? 'page' : nothing}>${label}</a>`,
      )}</nav>
      <span class="grow"></span>
      ${past ? html`<span class="state warn">the past</span>` : nothing}
      ${mode === 'live' && role === 'reader' ? html`<span class="state idle" title="The token of this tab only reads: orders are not offered.">read only</span>` : nothing}
      ${mode === 'live' && lostAt === null ? html`<a class="state ${attention} now" href=${addressOf({})}>${attentionWords(items.length)}</a>` : nothing}
      <span class="state link ${mood}" role="status">${words}</span>
      ${
        notifier.isPossible && mode === 'live'
          ? html`<button class="quiet bell" aria-pressed=${notifier.isOn ? 'true' : 'false'} @click=${onNotify}
              title="A notification of the browser when something begins to need attention">${notifier.isOn ? 'Notifying' : 'Notify me'}</button>`
          : nothing
      }
    </header>
    ${
      lostAt === null || view === 'overview'
        ? nothing
        : html`<div class="banner" role="alert"><p><strong>The daemon does not respond.</strong> This page shows the state at ${moment(lostAt)}.
            Check that its process runs; the page continues by itself when the daemon responds.</p></div>`
    }`;
}
