import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, counted, moment, span } from '../../format.js';
import { breakerSubject, breakerWords } from '../../journal/attention/breaker-words.js';
import { configFacts } from './config-view.js';
import { webhookWords } from './webhook-words.js';

/** Rows of the two lists. */
const MOST_ORDERS = 8;
const MOST_DELIVERIES = 15;

/**
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../http/admin/api/api-routes.ts').SourcesView} SourcesView
 * @typedef {NonNullable<SourcesView['poller']>} Poller
 * @typedef {NonNullable<SourcesView['deliveries']>['last']} Deliveries
 */

/**
 * Where jobs come from, and what is left of GitHub's budget. Of the past it shows what the journal has: the
 * state of webhooks and breakers, and the deliveries before that moment.
 * @param {{ sources: SourcesView | null, config: import('./config-view.js').Config, overview: Overview, now: number, isPast: boolean }} view
 */
export function sourcesView({ sources, config, overview, now, isPast }) {
  if (!sources) return nothing;
  const { mode, poller, deliveries } = sources;
  const webhooks = isPast ? overview.webhooks : (sources.webhooks ?? overview.webhooks);
  const writtenAt = isPast ? (overview.webhooks?.at ?? null) : null;
  const answers = Object.entries(isPast ? {} : (deliveries?.byStatus ?? {}));
  const last = (deliveries?.last ?? []).filter(({ at }) => at <= now);
  return html`
    <section class="panel sources" aria-labelledby="sources-title">
      <header><h2 id="sources-title">Sources</h2></header>
      <dl class="facts">
        <dt>Mode</dt><dd>${mode}</dd>
        ${webhooks ? webhooksView(webhookWords(webhooks, mode, writtenAt ?? now), writtenAt, answers) : nothing}
        ${isPast ? html`<dt>Poll</dt><dd class="sub">The interval of polling and GitHub's rate limit are shown for the present only.</dd>` : nothing}
        ${poller && !isPast ? pollView(poller, now) : nothing}
        ${(isPast ? [] : (sources.renamed ?? [])).map(({ from, to }) => html`<dt class="warn-text">Renamed</dt><dd>${from} is called ${to} now: change the name in the config</dd>`)}
        ${[...overview.breakers.values()].filter(({ about }) => about !== 'host').map((breaker) => html`<dt>${breakerSubject(breaker.about)}</dt><dd><span class="state bad">${breaker.name}</span><p class="warn-text">${breakerWords(breaker)}</p></dd>`)}
        ${sources.config && !isPast ? configFacts(sources.config, config) : nothing}
        ${isPast ? nothing : (sources.runners ?? []).filter(({ isEnding }) => isEnding).map(runnerView)}
      </dl>
      ${last.length > 0 ? deliveriesView(last) : nothing}
      ${overview.orders.length > 0 ? ordersView(overview.orders) : nothing}
    </section>`;
}

/**
 * A runner in an image that GitHub will soon refuse.
 * @param {NonNullable<SourcesView['runners']>[number]} runner
 */
function runnerView({ profile, version, endsAt }) {
  const until = endsAt === null ? '' : ` until ${moment(endsAt)}`;
  return html`<dt>Image</dt><dd><span class="state warn">${profile}</span><p class="warn-text">GitHub accepts its runner ${version}${until}: build the image with a current runner.</p></dd>`;
}

/**
 * @param {import('./webhook-words.js').WebhookWords} words
 * @param {number | null} writtenAt epoch ms of the entry that says so; null for the present
 * @param {[status: string, count: number][]} answers to deliveries
 */
function webhooksView({ mood, verdict, why, last, trouble }, writtenAt, answers) {
  const isRefusing = answers.some(([status]) => Number(status) >= 400);
  return html`
    <dt>Webhooks</dt>
    <dd><span class="state ${mood}">${verdict}</span> ${why}
      <p class="sub">${writtenAt === null ? '' : `At ${clock(writtenAt)}: `}${last}</p>
      ${trouble ? html`<p class="warn-text">${trouble}</p>` : nothing}
      ${
        answers.length > 0
          ? html`<p class="sub">Responses: ${answers.map(([status, count]) => `${count} × ${status}`).join(', ')}${isRefusing ? html`; <span class="warn-text">some were refused</span>` : nothing}</p>`
          : nothing
      }</dd>`;
}

/** @param {Poller} poller @param {number} now */
function pollView(
  { pace, lastLookAt, nextLookAt, pausedUntil, cutShort, outages, rateLimits, budgets },
  now,
) {
  const last = lastLookAt === null ? 'no look yet' : `last look ${span(now - lastLookAt)} ago`;
  const next = nextLookAt === null ? 'looking now' : `next at ${clock(nextLookAt)}`;
  return html`
    <dt>Poll</dt><dd>every ${span(pace)}<p class="sub">${last}, ${pausedUntil === null ? next : `paused until ${clock(pausedUntil)}`}</p>
      ${cutShort ? html`<p class="warn-text">stopped before ${cutShort.what} at ${clock(cutShort.since)}: the next look continues there</p>` : nothing}</dd>
    ${outages.map((outage) => html`<dt class="bad-text">Outage</dt><dd>cannot read ${outage.what} since ${clock(outage.since)}: ${outage.failure.message}</dd>`)}
    ${rateLimits.map(
      ({
        resource,
        limit,
        remaining,
        resetAt,
      }) => html`<dt>Rate limit</dt><dd>${resource}: ${remaining} of ${limit} left, until ${clock(resetAt)}
        <meter min="0" max=${limit} low=${limit * 0.1} optimum=${limit} value=${remaining} aria-label="${resource}: ${remaining} of ${limit} calls left"></meter>
        ${resource === 'core' ? budgets.map(budgetView) : nothing}</dd>`,
    )}`;
}

/** @param {Poller['budgets'][number]} budget */
function budgetView({ purpose, left, pausedUntil }) {
  return html`<p class=${pausedUntil === null ? 'sub' : 'warn-text'}>for ${purpose}: ${left === null ? '' : counted(left, 'call')}${pausedUntil === null ? '' : `, paused until ${clock(pausedUntil)}`}</p>`;
}

/** @param {Overview['orders']} orders */
function ordersView(orders) {
  return html`<details open><summary>Last orders</summary><div class="scroll" tabindex="0" role="region" aria-label="Last orders"><table>
      <tbody>${orders
        .slice(0, MOST_ORDERS)
        .map(
          ({ at, what, by }) =>
            html`<tr title=${moment(at)}><td>${clock(at)}</td><td>${what}</td><td>${by}</td></tr>`,
        )}</tbody></table></div></details>`;
}

/** @param {Deliveries} last */
function deliveriesView(last) {
  return html`<details><summary>Last deliveries</summary><div class="scroll" tabindex="0" role="region" aria-label="Last deliveries"><table>
      <tbody>${last
        .slice(0, MOST_DELIVERIES)
        .map(
          ({ at, event, status, message, id }) =>
            html`<tr title=${id}><td>${clock(at)}</td><td>${event}</td><td class=${status >= 400 ? 'bad-text' : ''}>${status}</td><td>${message}</td></tr>`,
        )}</tbody></table></div></details>`;
}
