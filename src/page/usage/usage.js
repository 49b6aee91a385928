import { html, nothing } from '/lib/lit-html/lit-html.js';
import { moment, span } from '../../format.js';
import { USAGE_BY } from '../../journal/usage/usage-by.js';
import { faultsOf, minutes, otherJobs, usageName } from '../../journal/usage/usage-words.js';
import { addressOf } from '../frame/address.js';
import { RANGES, rangesOf } from '../frame/ranges.js';

/**
 * @typedef {import('./usage-loader.js').Usage} Usage
 * @typedef {Usage['total']} Row
 * @typedef {import('../frame/address.js').Place} Place
 */

/**
 * Who used the hosts: a table by repository, profile or host.
 * @param {{ shown: Pick<import('../session/view-loader.js').ViewLoader<Usage>, 'answer' | 'error' | 'isLoading'>, place: Place }} view
 */
export function usageView({ shown: { answer, error, isLoading }, place }) {
  return html`<section class="panel usage" aria-labelledby="usage-title" aria-busy=${isLoading ? 'true' : 'false'}>
    <header>
      <h2 id="usage-title" data-heading tabindex="-1">Usage</h2>
      <div class="filters" role="group" aria-label="By what">${USAGE_BY.map((by) => chip(place, { by }, `By ${by}`, by === place.by))}</div>
      <div class="filters" role="group" aria-label="How far back">${rangesOf('usage').map((range) =>
        chip(place, { range }, RANGES[range].label, range === place.range),
      )}</div>
      <span class="sub" role="status">${isLoading ? 'The daemon reads its journal…' : nothing}</span>
    </header>
    ${error ? html`<div class="empty"><p><strong>There are no figures.</strong> ${error}</p></div>` : nothing}
    ${answer && !error ? tableView(answer) : nothing}
  </section>`;
}

/** @param {Place} place @param {Partial<Place>} change @param {string} label @param {boolean} isChosen */
const chip = (place, change, label, isChosen) =>
  html`<a class="chip" href=${addressOf({ ...place, ...change })} aria-current=${isChosen ? 'true' : 'false'}>${label}</a>`;

/** @param {Usage} usage */
function tableView({ since, until, by, firstAt, rows, total }) {
  const range = `${moment(since)} to ${moment(until)}`;
  if (rows.length === 0)
    return html`<div class="empty"><p><strong>Nothing was used</strong> from ${range}.</p></div>`;
  return html`
    <p class="sub told-of">From ${range}.${firstAt !== null && firstAt > since ? ` The journal begins at ${moment(firstAt)}: nothing before that is in the figures.` : ''}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of usage">
      <table>
        <thead><tr>
          <th scope="col">${by[0]?.toUpperCase()}${by.slice(1)}</th>
          <th scope="col" class="num" title="From the grant of a slot until the VM is gone">Slot minutes</th>
          <th scope="col" class="num" title="From the start of each job to its end">Job minutes</th>
          <th scope="col" class="num">VMs</th>
          <th scope="col" class="num" title="From queued to started">Wait, median</th>
          <th scope="col" class="num">Wait, p95</th>
          <th scope="col" class="num">Jobs</th>
          <th scope="col" class="num">Succeeded</th>
          <th scope="col" class="num">Failed</th>
          <th scope="col" class="num">Lost</th>
          <th scope="col" class="num" title="Cancelled, not ours, or unknown">Other</th>
          <th scope="col" title="Whose fault the failed and the lost jobs were">Failed by</th>
        </tr></thead>
        <tbody>${rows.map((row) => rowView(usageName(by, row.name), row))}</tbody>
        <tfoot>${rowView('All', total)}</tfoot>
      </table>
    </div>`;
}

/** @param {string} name @param {Row} row */
function rowView(name, row) {
  const { jobs, outcomes, vms, jobMs, slotMs, waits } = row;
  const { succeeded = 0, failed = 0, lost = 0 } = outcomes;
  const wait = (/** @type {number} */ ms) => (waits.count === 0 ? '–' : span(ms));
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="num">${minutes(slotMs)}</td>
    <td class="num">${minutes(jobMs)}</td>
    <td class="num">${vms}</td>
    <td class="num">${wait(waits.median)}</td>
    <td class="num">${wait(waits.p95)}</td>
    <td class="num">${jobs}</td>
    <td class="num">${succeeded}</td>
    <td class="num">${failed}</td>
    <td class="num ${lost > 0 ? 'bad-text' : ''}">${lost}</td>
    <td class="num">${otherJobs(row)}</td>
    <td>${faultsOf(row)}</td>
  </tr>`;
}
