import { html, nothing } from '/lib/lit-html/lit-html.js';
import { counted, moment } from '../../format.js';
import { healthWords } from './health-words.js';

/** @type {Record<import('../session/session.js').Session['connection'], [mood: string, words: string]>} */
const LINKS = {
  live: ['good', 'connected'],
  connecting: ['idle', 'connecting'],
  lost: ['bad', 'no connection'],
};

/**
 * How many jobs there are, whether they can be served, and whether the page is up to date.
 * @param {{
 *   session: import('../session/session.js').Session,
 *   overview: import('../../journal/overview.js').Overview,
 *   isPast: boolean,
 *   onCollect: () => void,
 * }} view
 */
export function headView({ session, overview, isPast, onCollect }) {
  const { connection, readiness, mode, lostAt } = session;
  const waiting = [...overview.jobs.values()].filter(({ state }) => state === 'queued').length;
  const health = mode === 'live' && readiness ? healthWords(readiness) : null;
  const [mood, words] = mode === 'replay' ? ['idle', 'recording'] : LINKS[connection];
  return html`
    <header class="head">
      <h1><a href="#/">jeballto-runner</a></h1>
      <p class="sums"><b>${overview.jobs.size - waiting}</b> at work <b>${waiting}</b> queued</p>
      ${isPast ? html`<span class="state warn">the past</span>` : nothing}
      <span class="grow"></span>
      ${health ? html`<span class="state ${health.mood}" title=${health.lines.map(({ text }) => text).join('\n')}>${health.word}</span>` : nothing}
      <span class="state ${mood}" role="status">${words}</span>
      ${mode === 'live' ? html`<button ?disabled=${lostAt !== null} @click=${onCollect}>Collect now</button>` : nothing}
    </header>
    ${
      lostAt === null
        ? nothing
        : html`<div class="banner" role="alert"><p><strong>The daemon does not respond.</strong> This page shows the state at ${moment(lostAt)}.
            Check that its process runs; the page continues by itself when the daemon responds.</p></div>`
    }
    ${health?.mood === 'bad' ? html`<div class="banner" role="alert">${health.lines.filter(({ stops }) => stops).map(({ text }) => html`<p>${text}</p>`)}</div>` : nothing}
    ${health?.lines.some(({ stops }) => !stops) ? html`<details class="degraded"><summary>${counted(health.lines.filter(({ stops }) => !stops).length, 'part')} of the work with a problem</summary>${health.lines.filter(({ stops }) => !stops).map(({ text }) => html`<p>${text}</p>`)}</details>` : nothing}`;
}

/**
 * Asks for the admin token, when one is set.
 * @param {{ error: string | null, onToken: (token: string) => void }} view
 */
export function gateView({ error, onToken }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submit = (event) => {
    event.preventDefault();
    onToken(String(new FormData(event.currentTarget).get('token')));
  };
  return html`<main class="gate"><form @submit=${submit}>
    <h1>jeballto-runner</h1>
    <label for="token">Admin token</label>
    <input id="token" name="token" type="password" autocomplete="off" required>
    <p class="sub">The value of <code>admin.token</code> in the daemon's config. It stays in this tab.</p>
    ${error ? html`<p class="bad-text" role="alert">${error}</p>` : nothing}
    <button type="submit">Open</button>
  </form></main>`;
}
