import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { age, counted } from '../../format.js';
import { LATELY } from '../../journal/attention/attention.js';
import { addressOf } from '../frame/address.js';
import { allSlots } from '../hosts/slots.js';
import { stateStrip } from '../strip/state-strip.js';

/**
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../journal/attention/attention.js').Item} Item
 */

/** Items that are shown before the rest is folded away. */
const MOST_ITEMS = 3;

/**
 * The first screen: is anything wrong, for whom, and what is the next move.
 * @param {{
 *   overview: Overview,
 *   waiting: import('../session/session.js').Session['waiting'],
 *   verdict: import('./service-verdict.js').ServiceVerdict,
 *   items: Item[],
 *   now: number,
 *   isLost: boolean,
 * }} view `waiting` is empty for the past
 */
export function overviewView({ overview, waiting, verdict, items, now, isLost }) {
  return html`
    <section class="service ${verdict.mood}" aria-labelledby="service-title" role=${isLost ? 'alert' : nothing}>
      <h2 id="service-title" data-heading tabindex="-1">${verdict.headline}</h2>
      ${verdict.cause ? html`<p>${verdict.cause}</p>` : nothing}
      ${
        verdict.whom || verdict.next
          ? html`<dl>${verdict.whom ? html`<div><dt>For whom</dt> <dd>${verdict.whom}</dd></div>` : nothing}
              ${verdict.next ? html`<div><dt>Next move</dt> <dd>${verdict.next}</dd></div>` : nothing}</dl>`
          : nothing
      }
    </section>
    <div class="tiles">
      ${slotsTile(overview)}
      ${queueTile(overview, waiting, now)}
      ${attentionTile(items, now)}
    </div>
    ${stateStrip(overview)}`;
}

/** @param {Overview} overview */
function slotsTile(overview) {
  const { ours, foreign, free, closed, all, hosts, closedHosts } = allSlots(overview);
  const used = ours + foreign;
  const more = [
    foreign > 0 ? `${foreign} used by VMs of others` : '',
    closed > 0 ? `${closed} closed on ${closedWords(closedHosts)}` : '',
  ].filter(Boolean);
  return html`<section class="panel tile slots-tile" aria-labelledby="slots-title">
    <h3 id="slots-title"><a href=${addressOf({ view: 'hosts' })}>Slots</a></h3>
    <p class="figure"><b>${used}</b> of ${all} used, <b>${free}</b> free</p>
    ${all > 0 ? slotsBar([ours, foreign, closed, free]) : nothing}
    <p class="sub">${counted(hosts, 'host')}${more.length > 0 ? `: ${more.join(', ')}` : ''}</p>
  </section>`;
}

/** @param {{ name: string, why: string }[]} hosts that get no new jobs */
function closedWords(hosts) {
  const [first] = hosts;
  return hosts.length === 1 && first
    ? `${first.name}, which is ${first.why}`
    : `${hosts.length} hosts without new jobs`;
}

/** A cell for each slot. @param {number[]} parts ours, foreign, closed, free */
function slotsBar(parts) {
  const kinds = ['ours', 'foreign', 'closed', 'free'];
  const cells = parts.flatMap((count, index) => Array.from({ length: count }, () => kinds[index]));
  const gap = cells.length > 40 ? 0 : 1.6;
  return html`<svg class="slots-bar" viewBox="0 0 ${cells.length * 10} 10" preserveAspectRatio="none" aria-hidden="true">
    ${cells.map((kind, index) => svg`<rect class=${kind} x=${index * 10} y="0" width=${10 - gap} height="10"></rect>`)}</svg>`;
}

/** @param {Overview} overview @param {import('../session/session.js').Session['waiting']} waiting @param {number} now */
function queueTile(overview, waiting, now) {
  const queued = [...overview.jobs.values()].filter(({ state }) => state === 'queued');
  const since = (/** @type {typeof queued[number]} */ job) => job.context.job?.queuedAt ?? job.enteredAt;
  const [oldest] = queued.sort((a, b) => since(a) - since(b));
  const why = oldest && waiting.find(({ key }) => key === oldest.key);
  return html`<section class="panel tile" aria-labelledby="queue-title">
    <h3 id="queue-title"><a href=${addressOf({ view: 'jobs', filter: 'waiting' })}>Queue</a></h3>
    <p class="figure"><b>${queued.length}</b> queued${oldest ? html`, the oldest for <b>${age(now - since(oldest))}</b>` : nothing}</p>
    ${
      oldest
        ? html`<p class="sub clamp"><a href=${addressOf({ view: 'job', jobId: oldest.jobId })}>${oldest.context.job?.name || oldest.jobId}</a>${why ? `: ${why.sentence}` : ''}</p>`
        : html`<p class="sub">No job waits for a VM.</p>`
    }
  </section>`;
}

/** @param {Item[]} items @param {number} now */
function attentionTile(items, now) {
  const first = items.slice(0, MOST_ITEMS);
  const rest = items.slice(MOST_ITEMS);
  return html`<section class="panel tile attention" aria-labelledby="attention-title">
    <h3 id="attention-title">Needs attention${items.length > 0 ? html` <span class="n">${items.length}</span>` : nothing}</h3>
    ${items.length === 0 ? html`<p class="sub">Nothing: no part is in trouble, and no job was lost in the last ${LATELY / 3_600_000} hours.</p>` : nothing}
    <ul>${first.map((item) => itemView(item, now))}</ul>
    ${rest.length > 0 ? html`<details><summary>${rest.length} more</summary><ul>${rest.map((item) => itemView(item, now))}</ul></details>` : nothing}
  </section>`;
}

/** @param {Item} item @param {number} now */
function itemView({ mood, what, sentence, act, since, shows }, now) {
  return html`<li class=${mood}><a href=${addressOf(shows)}>${what}</a>
    <span class="said" title="${sentence} ${act}">${sentence}</span>
    <span class="age">${since === null ? '' : age(now - since)}</span></li>`;
}
