import { repeat } from '/lib/lit-html/directives/repeat.js';
import { html, nothing } from '/lib/lit-html/lit-html.js';
import { age, clock, counted, webAddress } from '../../format.js';
import { endOfSeen, faultWords, outcomeWord } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { lifetimeWarning, troubleOf } from '../../journal/trouble.js';
import { isHeld, shortHoldWords } from '../../journal/words/hold-words.js';
import { moodOf } from '../chart/state-paths.js';
import { addressOf } from '../frame/address.js';
import { FILTER_NAMES, FILTERS, matches } from './filters.js';

/**
 * @typedef {import('./job-rows.js').Row} Row
 * @typedef {import('../frame/address.js').Place} Place
 *
 * @typedef {object} TableView
 * @property {number} pages that are drawn
 * @property {number} now epoch ms
 * @property {Place} place with the filter, the search and the job that is shown
 * @property {() => void} onMore
 */

/** Rows that are drawn at first, and added with each scroll to the end. */
const ROWS_PER_PAGE = 40;

/**
 * The list of jobs with its filters and its search, and after it the jobs that are not ours.
 * @param {TableView & { rows: Row[], notOurs: Row[], isPast: boolean, onSearch: (search: string) => void }} view
 */
export function jobsView({ rows, notOurs, isPast, onSearch, ...table }) {
  const { place } = table;
  const { filter, search } = place;
  const found = rows.filter(FILTERS[filter].test).filter((row) => matches(row, search));
  const others = filter === 'all' ? notOurs.filter((row) => matches(row, search)) : [];
  /** @param {Event & { currentTarget: HTMLInputElement }} event */
  const onInput = ({ currentTarget }) => onSearch(currentTarget.value);
  const view = place.view === 'job' ? 'job' : 'jobs';
  return html`
    <section class="panel jobs" aria-labelledby="jobs-title">
      <header>
        <h2 id="jobs-title" data-heading tabindex="-1">Jobs</h2>
        <div class="filters" role="group" aria-label="Which jobs">
          ${FILTER_NAMES.map(
            (
              name,
            ) => html`<a class="chip" href=${addressOf({ ...place, view, filter: name, host: null, at: null })}
              aria-current=${name === filter ? 'true' : 'false'}>${FILTERS[name].label} <span class="n">${rows.filter(FILTERS[name].test).length}</span></a>`,
          )}
        </div>
        <input id="search" type="search" placeholder="Search: name, repository, branch, label, host, code" aria-label="Search jobs"
          .value=${search} @input=${onInput}>
      </header>
      <div class="list-scroll scroll" @scroll=${scrolled(found.length, table)} tabindex="0" role="region" aria-label="List of jobs">
        ${found.length === 0 ? emptyView(rows.length, search, isPast) : tableView(found, table)}
        ${others.length > 0 ? notOursView(others, table.now) : nothing}
      </div>
    </section>`;
}

/** @param {number} count @param {TableView} view */
function scrolled(count, { pages, onMore }) {
  /** @param {Event & { currentTarget: HTMLElement }} event */
  return ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
    if (pages * ROWS_PER_PAGE < count && scrollTop + 2 * clientHeight > scrollHeight) onMore();
  };
}

/** @param {number} count of all jobs @param {string} search @param {boolean} isPast */
function emptyView(count, search, isPast) {
  if (count === 0 && isPast) {
    return html`<div class="empty"><p><strong>No jobs.</strong> At this moment no job was queued, and none had ended before it within what the journal keeps.</p></div>`;
  }
  if (count === 0) {
    return html`<div class="empty"><p><strong>No jobs.</strong> No job for this daemon is queued, and none has ended within what the journal keeps.</p>
      <p>A job appears here when a workflow asks for one of the labels in the config.</p></div>`;
  }
  return html`<div class="empty"><p><strong>Nothing matches${search ? ` “${search}”` : ''}.</strong></p></div>`;
}

/** @param {Row[]} found @param {TableView} view */
function tableView(found, { pages, now, place, onMore }) {
  const shown = found.slice(0, pages * ROWS_PER_PAGE);
  const isMore = shown.length < found.length;
  return html`<table class="list">
      <thead><tr><th>Job</th><th>State</th><th>Host</th><th class="num age">Age</th><th class="num wide">Attempt</th><th>Outcome</th></tr></thead>
      <tbody>
        ${repeat(
          shown,
          ({ job }) => job.key + job.enteredAt * Number(job.state === 'done' || job.state === 'failed'),
          (row) => rowView(row, now, place),
        )}
      </tbody>
    </table>
    ${isMore ? html`<p class="more"><button class="link" @click=${onMore}>${found.length - shown.length} more</button></p>` : nothing}`;
}

/** @param {Row} row @param {number} now @param {Place} place */
function rowView({ job, why, kind }, now, place) {
  const { owner, repository, workflow, name, url, labels = [], queuedAt } = job.context.job ?? {};
  const address = webAddress(url);
  const old = kind === 'ended' ? `${age(now - job.at)} ago` : age(now - (queuedAt ?? job.enteredAt));
  const { filter, search } = place;
  const isChosen = place.view === 'job' && job.jobId === place.jobId;
  return html`
    <tr class=${isChosen ? 'chosen' : ''} data-job=${job.jobId}>
      <td class="what">
        <a class="title" href=${addressOf({ view: 'job', jobId: job.jobId, filter, search })} aria-current=${isChosen ? 'true' : nothing} title=${name ?? ''}>${name || job.jobId}</a>
        ${address ? html`<a class="out" href=${address} target="_blank" rel="noopener noreferrer" aria-label="Job ${job.jobId} at GitHub">↗</a>` : nothing}
        <span class="sub" title="${owner}/${repository} · ${workflow} · ${labels.join(', ')}">${placeOf(job.context.job ?? {})}</span>
      </td>
      <td><span class="state ${moodOf(job)}" title=${job.state}>${stateText({ job, why, kind })}</span></td>
      <td class="host">${job.host ?? '–'}</td>
      <td class="num age">${old}</td>
      <td class="num wide">${job.attempt || '–'}</td>
      <td class="outcome">${outcomeText({ job, why, kind }, now)}</td>
    </tr>`;
}

/**
 * Jobs that this daemon does not serve: they have no page of their own here, and no order.
 * @param {Row[]} rows @param {number} now
 */
function notOursView(rows, now) {
  return html`<section class="not-ours" aria-labelledby="not-ours-title">
    <h3 id="not-ours-title">Not ours <span class="sub">${counted(rows.length, 'job')} that GitHub has queued and this daemon does not serve</span></h3>
    <ul>${rows.slice(0, ROWS_PER_PAGE).map(({ job, why }) => {
      const { name, url, queuedAt } = job.context.job ?? {};
      const address = webAddress(url);
      return html`<li data-job=${job.jobId}><span class="title">${name || job.jobId}</span>
        ${address ? html`<a class="out" href=${address} target="_blank" rel="noopener noreferrer" aria-label="Job ${job.jobId} at GitHub">↗</a>` : nothing}
        <span class="sub">${placeOf(job.context.job ?? {})} · ${age(now - (queuedAt ?? now))}</span>
        ${why ? html`<p class="why">${why.sentence}</p>` : nothing}</li>`;
    })}</ul>
    ${rows.length > ROWS_PER_PAGE ? html`<p class="sub">and ${rows.length - ROWS_PER_PAGE} more</p>` : nothing}
  </section>`;
}

/**
 * Without the label `self-hosted`: every job here has it.
 * @param {NonNullable<Row['job']['context']['job']>} job
 */
function placeOf({ owner, repository, workflow, labels = [] }) {
  const own = labels.filter((label) => label !== 'self-hosted').join(', ');
  return [`${owner}/${repository}`, workflow, own].filter(Boolean).join(' · ');
}

/** The state of a live job, and the outcome of one that ended. @param {Row} row */
function stateText({ kind, job }) {
  const { state } = job;
  if (kind === 'ended') return outcomeWord(endOfSeen(job).outcome);
  if (state.startsWith('running.')) return state.split('.')[1] ?? state;
  return topState(state);
}

/** @param {Row} row @param {number} now */
function outcomeText({ job, why, kind }, now) {
  if (why) {
    const place = why.position === null ? '' : `#${why.position} · `;
    return html`<span class="why" title="${why.sentence} What ends the wait: ${why.frees}">${place}${why.sentence}</span>`;
  }
  const { phase } = job.context;
  if (kind === 'ended') {
    // The outcome itself is in the column of the state.
    const end = endOfSeen(job);
    const cause = end.cause ? `${end.cause.code}: ${end.cause.message}` : '';
    const text = [faultWords(end), cause].filter(Boolean).join('. ');
    if (text === '') return nothing;
    return html`<span class=${end.outcome === 'lost' ? 'bad-text' : ''} title=${text}>${text}</span>`;
  }
  const { hold } = job.context;
  if (hold && isHeld(job.state)) return html`<span>${shortHoldWords(hold, now)}</span>`;
  const trouble = troubleOf(job);
  if (!trouble) {
    const ends = lifetimeWarning(job, now);
    return ends ? html`<span class="warn-text" title=${ends}>its VM's lifetime ends</span>` : nothing;
  }
  const next =
    phase?.lastFailure === trouble && phase.nextTryAt > now
      ? ` · try ${phase.tries + 1} at ${clock(phase.nextTryAt)}`
      : '';
  return html`<span class="warn-text" title=${trouble.message}>${trouble.code}${next}</span>`;
}
