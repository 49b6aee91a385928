import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, span } from './format.js';
import { breakerWords } from './hosts.js';
import { webhookWords } from './webhook-words.js';

/** Where jobs come from, and what is left of GitHub's patience. */
export function sourcesView({ sources, now, isPast }) {
  if (!sources) return nothing;
  const { mode, poller, webhooks, deliveries, breakers = [] } = sources;
  return html`
    <section class="panel sources" aria-labelledby="sources-title">
      <header><h2 id="sources-title">Sources</h2>${isPast ? html`<span class="sub">as of now</span>` : nothing}</header>
      <dl class="facts">
        <dt>Mode</dt><dd>${mode}</dd>
        ${webhooks ? webhooksView(webhookWords(webhooks, mode, now), deliveries) : nothing}
        ${poller ? pollView(poller, now) : nothing}
        ${breakers.filter(({ about }) => about === 'profile').map((breaker) => html`<dt>Profile</dt><dd><span class="state bad">${breaker.name}</span><p class="warn-text">${breakerWords(breaker)}</p></dd>`)}
      </dl>
      ${deliveries?.last.length ? deliveriesView(deliveries.last) : nothing}
    </section>`;
}

function webhooksView({ mood, verdict, why, last, trouble }, { byStatus }) {
  const answers = Object.entries(byStatus);
  const isRefusing = answers.some(([status]) => Number(status) >= 400);
  return html`
    <dt>Webhooks</dt>
    <dd><span class="state ${mood}">${verdict}</span> ${why}
      <p class="sub">${last}</p>
      ${trouble ? html`<p class="warn-text">${trouble}</p>` : nothing}
      ${
        answers.length > 0
          ? html`<p class="sub">Answered: ${answers.map(([status, count]) => `${count} × ${status}`).join(', ')}${isRefusing ? html`; <span class="warn-text">some were refused</span>` : nothing}</p>`
          : nothing
      }</dd>`;
}

function pollView(
  { pace, lastLookAt, nextLookAt, pausedUntil, cutShort, outages, rateLimits, budgets },
  now,
) {
  const last = lastLookAt === null ? 'no look yet' : `last look ${span(now - lastLookAt)} ago`;
  const next = nextLookAt === null ? 'looking now' : `next at ${clock(nextLookAt)}`;
  return html`
    <dt>Poll</dt><dd>every ${span(pace)}<p class="sub">${last}, ${pausedUntil === null ? next : `rests until ${clock(pausedUntil)}`}</p>
      ${cutShort ? html`<p class="warn-text">cut short before ${cutShort.what} at ${clock(cutShort.since)}: it goes on there</p>` : nothing}</dd>
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

function budgetView({ purpose, left, pausedUntil }) {
  return html`<p class=${pausedUntil === null ? 'sub' : 'warn-text'}>for ${purpose}: ${left} calls${pausedUntil === null ? '' : `, rests until ${clock(pausedUntil)}`}</p>`;
}

function deliveriesView(last) {
  return html`<details><summary>Last deliveries</summary><div class="scroll" tabindex="0" role="region" aria-label="Last deliveries"><table>
      <tbody>${last
        .slice(0, 15)
        .map(
          ({ at, event, status, message, id }) =>
            html`<tr title=${id}><td>${clock(at)}</td><td>${event}</td><td class=${status >= 400 ? 'bad-text' : ''}>${status}</td><td>${message}</td></tr>`,
        )}</tbody></table></div></details>`;
}
