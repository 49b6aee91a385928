import { html, nothing } from '/lib/lit-html/lit-html.js';
import { clock, span } from './format.js';

/** Hosts with their slots as boxes, from the world at the moment that is shown. */
export function hostsView({ world, hosts, now, isPast, isReplay, onOrder, onJob }) {
  const extra = new Map(isPast ? [] : hosts.map((host) => [host.name, host]));
  const all = [...world.hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return html`
    <section class="panel hosts" aria-labelledby="hosts-title">
      <header><h2 id="hosts-title">Hosts</h2></header>
      ${all.length === 0 ? html`<div class="empty"><p>No host was looked at yet.</p></div>` : nothing}
      <ul>${all.map((host) => hostView(host, { extra: extra.get(host.name), world, now, isPast, isReplay, onOrder, onJob }))}</ul>
    </section>`;
}

const MOOD = { healthy: 'good', unknown: 'idle', unreachable: 'warn', lost: 'bad' };
const TAKES_SLOT = new Set([
  'installing',
  'starting',
  'running',
  'stopping',
  'pausing',
  'paused',
  'resuming',
]);

function hostView(host, { extra, world, now, isPast, isReplay, onOrder, onJob }) {
  const jobs = [...world.jobs.values()].filter(
    ({ context, state }) => context.vm?.host === host.name && !/vm\.gone/.test(state),
  );
  const foreign = host.vms.filter(
    (vm) => TAKES_SLOT.has(vm.state) && !jobs.some((job) => job.context.vm.name === vm.name),
  );
  const free = Math.max(0, host.slots - jobs.length - foreign.length);
  const mood = host.cordon ? 'warn' : (MOOD[host.state] ?? 'idle');
  const since = extra?.unreachableSince;
  return html`
    <li class="host">
      <div class="row"><strong>${host.name}</strong>
        <span class="state ${mood}">${host.cordon ? 'cordoned' : host.state}</span>
        <span class="sub">${host.version ? `agent ${host.version}` : ''}${extra?.restartsSeen ? ` · ${extra.restartsSeen} restarts` : ''}</span></div>
      <div class="slots">
        ${jobs.map(
          (
            job,
          ) => html`<button class="slot ours" title="${job.context.vm.name}: ${job.state}" @click=${() => onJob(job.jobId)}>
            <span>${job.context.job?.name ?? job.jobId}</span><small>${job.state.split(/[.,]/)[0]}</small></button>`,
        )}
        ${foreign.map((vm) => html`<span class="slot foreign" title="${vm.name}, ${vm.state}"><span>${vm.name}</span><small>${vm.ours ? 'without a job' : 'not ours'}, ${vm.state}</small></span>`)}
        ${Array.from({ length: free }, () => html`<span class="slot free"><span>free</span></span>`)}
      </div>
      ${host.cordon ? html`<p class="sub">Cordoned by ${host.cordon.by} at ${clock(host.cordon.at)}: it gets no new job.</p>` : nothing}
      ${host.failure ? html`<p class="warn-text">${since ? `Unreachable for ${span(now - since)}: ` : ''}${host.failure}</p>` : nothing}
      ${
        isPast || isReplay
          ? nothing
          : html`<div class="actions">
              ${host.cordon ? html`<button @click=${() => onOrder('uncordon', host.name)}>Take jobs again</button>` : html`<button @click=${() => onOrder('cordon', host.name)}>Cordon</button>`}
              <button @click=${() => onOrder('drain', host.name)}>Drain</button></div>`
      }
    </li>`;
}

/** Where jobs come from, and what is left of GitHub's patience. */
export function sourcesView({ sources, now, isPast }) {
  if (!sources) return nothing;
  const { mode, poller, webhook, pollInterval } = sources;
  const bad = Object.entries(webhook?.byStatus ?? {}).filter(([status]) => Number(status) >= 400);
  return html`
    <section class="panel sources" aria-labelledby="sources-title">
      <header><h2 id="sources-title">Sources</h2>${isPast ? html`<span class="sub">as of now</span>` : nothing}</header>
      <dl class="facts">
        <dt>Mode</dt><dd>${mode}</dd>
        ${
          poller
            ? html`<dt>Poll</dt><dd>every ${span(pollInterval)}${poller.lastLookAt ? `, last ${span(now - poller.lastLookAt)} ago` : ', not yet'}
                ${poller.pausedUntil ? html`<span class="warn-text">paused until ${clock(poller.pausedUntil)}: the rest of the budget is for runners and teardown</span>` : nothing}</dd>`
            : nothing
        }
        ${(poller?.outages ?? []).map((outage) => html`<dt class="bad-text">Outage</dt><dd>cannot read ${outage.what} since ${clock(outage.since)}: ${outage.failure.message}</dd>`)}
        ${(poller?.rateLimits ?? []).map(
          ({
            resource,
            limit,
            remaining,
            resetAt,
          }) => html`<dt>Rate limit</dt><dd>${resource}: ${remaining} of ${limit} left, until ${clock(resetAt)}
            <meter min="0" max=${limit} low=${limit * 0.1} optimum=${limit} value=${remaining} aria-label="${resource}: ${remaining} of ${limit} calls left"></meter></dd>`,
        )}
        <dt>Webhook</dt><dd>${
          Object.entries(webhook?.byStatus ?? {})
            .map(([status, count]) => `${count} × ${status}`)
            .join(', ') || 'no delivery since the start'
        }
          ${bad.length > 0 ? html`<span class="warn-text">some were refused</span>` : nothing}</dd>
      </dl>
      ${
        webhook?.last?.length
          ? html`<details><summary>Last deliveries</summary><div class="scroll" tabindex="0" role="region" aria-label="Last deliveries"><table>
              <tbody>${webhook.last
                .slice(0, 15)
                .map(
                  ({ at, event, status, message, id }) =>
                    html`<tr title=${id}><td>${clock(at)}</td><td>${event}</td><td class=${status >= 400 ? 'bad-text' : ''}>${status}</td><td>${message}</td></tr>`,
                )}</tbody></table></div></details>`
          : nothing
      }
    </section>`;
}
