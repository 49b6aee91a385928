import { html, nothing } from '/lib/lit-html/lit-html.js';

/** How much there is to do, whether it can be done, and whether the page is up to date. */
export function headView({ session, isPast, onCollect }) {
  const { connection, readiness, mode, world } = session;
  const waiting = [...world.jobs.values()].filter(({ state }) => state === 'queued').length;
  const link =
    mode === 'replay'
      ? ['idle', 'recording']
      : connection === 'live'
        ? ['good', 'connected']
        : ['bad', 'no connection'];
  return html`
    <header class="head">
      <h1><a href="#/">jeballto-runner</a></h1>
      <p class="sums"><b>${world.jobs.size - waiting}</b> at work <b>${waiting}</b> queued</p>
      ${isPast ? html`<span class="state warn">the past</span>` : nothing}
      <span class="grow"></span>
      ${mode === 'live' && readiness ? html`<span class="state ${readiness.ready ? 'good' : 'bad'}" title=${readiness.reasons?.join('\n') ?? ''}>${readiness.ready ? 'ready' : 'not ready'}</span>` : nothing}
      <span class="state ${link[0]}" role="status">${link[1]}</span>
      ${mode === 'live' ? html`<button @click=${onCollect}>Collect now</button>` : nothing}
    </header>
    ${mode === 'live' && readiness && !readiness.ready ? html`<div class="banner" role="alert">${readiness.reasons.map((reason) => html`<p>${reason}</p>`)}</div>` : nothing}`;
}
