import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { clock, counted, moment, shortDigest, span } from '../../format.js';
import { breakerWords } from '../../journal/attention/breaker-words.js';
import { breakerKey } from '../../journal/overview.js';
import { isHeld, shortHoldWords } from '../../journal/words/hold-words.js';
import { proofWords } from '../../journal/words/proof-words.js';
import { piecesOf, pieceWords, stripWords } from './host-strip.js';
import { slotsOf } from './slots.js';

/**
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../journal/overview.js').SeenHost} SeenHost
 * @typedef {import('../../journal/overview.js').SeenImage} SeenImage
 * @typedef {import('../../journal/overview.js').SeenJob} SeenJob
 * @typedef {import('../../http/admin/api/api-routes.ts').HostView} HostView
 * @typedef {NonNullable<HostView['bases']>[number]} Base
 * @typedef {NonNullable<HostView['pulls']>[number]} Pull
 *
 * @typedef {object} HostsView
 * @property {Overview} overview of the moment that is shown
 * @property {number} now that moment, epoch ms
 * @property {boolean} isPast
 * @property {boolean} canOrder
 * @property {(what: 'cordon' | 'uncordon' | 'drain', host: string) => void} onOrder
 * @property {() => void} onCollect
 * @property {(jobId: number) => void} onJob
 */

/**
 * Hosts with their slots as boxes; the strips span the same time as the scrubber.
 * @param {HostsView & { hosts: HostView[], edges: import('../frame/timebar.js').Edges }} view
 */
export function hostsView({ hosts, edges, ...view }) {
  const { overview, now, isPast, canOrder, onCollect } = view;
  const known = new Map(hosts.map((host) => [host.name, host]));
  const all = [...overview.hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return html`
    <section class="panel hosts" aria-labelledby="hosts-title">
      <header><h2 id="hosts-title" data-heading tabindex="-1">Hosts</h2>
        ${canOrder ? html`<button @click=${onCollect}>Collect now</button>` : nothing}</header>
      ${all.length === 0 ? html`<div class="empty"><p>The daemon has not looked at a host yet.</p></div>` : nothing}
      <ul>${all.map((host) => {
        const { history = [], bases = [], pulls = [], nextWindow } = known.get(host.name) ?? {};
        const strip = stripView(host.name, history, edges, now);
        const live = isPast ? { bases: [], pulls: [], nextWindow: null } : { bases, pulls, nextWindow };
        return hostView(host, { ...view, ...live, strip });
      })}</ul>
    </section>`;
}

/** @type {Record<string, string>} */
const MOOD = {
  healthy: 'good',
  proving: 'warn',
  maintenance: 'warn',
  unknown: 'idle',
  unreachable: 'warn',
  lost: 'bad',
};
/** Units of a strip's width, whatever its width in pixels. */
const STRIP_WIDTH = 1_000;
/**
 * @param {SeenHost} host
 * @param {HostsView & { bases: Base[], pulls: Pull[], nextWindow: HostView['nextWindow'], strip: unknown }} view
 */
function hostView(host, { bases, pulls, nextWindow, strip, overview, now, canOrder, onOrder, onJob }) {
  const { jobs, foreign, free } = slotsOf(host, overview);
  const mood = host.cordon ? 'warn' : (MOOD[host.state] ?? 'idle');
  const breaker = overview.breakers.get(breakerKey({ about: 'host', name: host.name }));
  const { unreachableSince: since, restartsSeen } = host;
  return html`
    <li class="host" data-host=${host.name}>
      <div class="row"><strong data-host-name tabindex="-1">${host.name}</strong>
        <span class="state ${mood}">${host.cordon ? 'cordoned' : host.state}</span>
        <span class="sub">${host.version ? `agent ${host.version}` : ''}${restartsSeen ? ` · ${counted(restartsSeen, 'restart')}` : ''}</span></div>
      ${strip}
      <div class="slots">
        ${jobs.map(
          (
            job,
          ) => html`<button class="slot ours" title="${job.context.vm?.name}: ${job.state}" @click=${() => onJob(job.jobId)}>
            <span>${job.context.job?.name ?? job.jobId}</span><small>${isHeld(job.state) ? 'held' : job.state.split(/[.,]/)[0]}</small></button>`,
        )}
        ${foreign.map((vm) => html`<span class="slot foreign" title="${vm.name}, ${vm.state}"><span>${vm.name}</span><small>${vm.base ? 'a base VM' : vm.ours ? 'without a job' : 'not ours'}, ${vm.state}</small></span>`)}
        ${Array.from({ length: free }, () => html`<span class="slot free"><span>free</span></span>`)}
      </div>
      ${jobs.map(({ context: { hold }, state }) => (hold && isHeld(state) ? html`<p class="sub">A VM is ${shortHoldWords(hold, now)}.</p>` : nothing))}
      ${pulls.filter(({ state }) => state === 'pulling').map((pull) => html`<p class="sub">${pull.progress ?? `pulling ${pull.image}`}, since ${clock(pull.since)}</p>`)}
      ${bases.map((base) => html`<p class="sub">${baseWords(base)}</p>`)}
      ${[...overview.images.values()].map((image) => (image.trial?.host === host.name ? html`<p class="sub">${trialWords(image, image.trial)}</p>` : nothing))}
      ${host.cordon ? html`<p class="sub">${cordonWords(host.cordon)}</p>` : nothing}
      ${host.maintenanceSince ? html`<p class="warn-text">Its agent has refused changes since ${clock(host.maintenanceSince)}: it is in maintenance.</p>` : nothing}
      ${host.proof && host.state === 'proving' ? html`<p class="sub">It gets one VM first, to prove that it works: ${proofWords(host.proof)}.</p>` : nothing}
      ${nextWindow ? html`<p class="sub">Next maintenance: ${moment(nextWindow.from)} to ${moment(nextWindow.until)}.</p>` : nothing}
      ${breaker ? html`<p class="warn-text">${breakerWords(breaker)}</p>` : nothing}
      ${host.failure ? html`<p class="warn-text">${since ? `Unreachable for ${span(now - since)}: ` : ''}${host.failure}</p>` : nothing}
      ${
        !canOrder
          ? nothing
          : html`<div class="actions">
              ${host.cordon ? html`<button @click=${() => onOrder('uncordon', host.name)}>Take jobs again</button>` : html`<button @click=${() => onOrder('cordon', host.name)}>Cordon</button>`}
              <button @click=${() => onOrder('drain', host.name)}>Drain</button></div>`
      }
    </li>`;
}

/**
 * The event that was seen last cannot say it: after a restart that one tells of the last verdict.
 * @param {SeenImage} image @param {NonNullable<SeenImage['trial']>} trial
 */
function trialWords({ profile, current }, { digest, since }) {
  return `The next image of ${profile}, ${shortDigest(digest)}, has been on trial here since ${moment(since)}. Other VMs of ${profile} are made from ${shortDigest(current.digest)}.`;
}

/** @param {NonNullable<SeenHost['cordon']>} cordon */
function cordonWords({ by, at, until }) {
  const end = until === undefined ? '' : ` until ${moment(until)}`;
  return `Cordoned by ${by} at ${clock(at)}: it gets no new job${end}.`;
}

/**
 * The stopped VM that a profile's jobs are cloned from, or why they are made from its image.
 * @param {Base} base
 */
function baseWords({ profile, digest, vm, why }) {
  const image = digest === null ? '' : ` of ${shortDigest(digest)}`;
  if (vm === null) return `No base VM for ${profile}${image}: ${why}.`;
  return `Base VM for ${profile}${image}: ${vm}${why ? ` (${why})` : ''}.`;
}

/**
 * Its health over the time that the scrubber spans, with a line at the moment that is shown.
 * @param {string} host @param {HostView['history']} stays @param {import('../frame/timebar.js').Edges} edges
 * @param {number} now
 */
function stripView(host, stays, { from, to }, now) {
  if (stays.length === 0) return nothing;
  const pieces = piecesOf(stays, from, to);
  /** @param {number} at */
  const x = (at) => Math.round(((at - from) / Math.max(1, to - from)) * STRIP_WIDTH);
  return html`<svg class="strip" viewBox="0 0 ${STRIP_WIDTH} 8" preserveAspectRatio="none" role="img" aria-label=${stripWords(host, pieces)}>
    ${pieces.map(
      (piece) =>
        svg`<rect class=${piece.state} x=${x(piece.from)} width=${Math.max(2, x(piece.to) - x(piece.from))} height="8"><title>${pieceWords(piece)}</title></rect>`,
    )}
    ${now < to ? svg`<rect class="moment" x=${x(now) - 2} width="4" height="8"></rect>` : nothing}</svg>`;
}
