import { repeat } from '/lib/lit-html/directives/repeat.js';
import { html, nothing } from '/lib/lit-html/lit-html.js';
import { age, clock, webAddress } from '../../format.js';
import { endOfSeen, outcomeWords } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { lifetimeWarning, troubleOf } from '../../journal/trouble.js';
import { moodOf } from '../chart/state-paths.js';
import { FILTER_NAMES, FILTERS, matches } from './job-rows.js';

/**
 * @typedef {import('./job-rows.js').Row} Row
 * @typedef {import('./job-rows.js').Filter} Filter
 *
 * @typedef {object} TableView
 * @property {number} pages that are drawn
 * @property {number} now epoch ms
 * @property {number | null} selected the job that is shown
 * @property {() => void} onMore
 */

/** Rows that are drawn at first, and added with each scroll to the end. */
const ROWS_PER_PAGE = 40;

/**
 * The list of jobs with its filters and its search.
 * @param {TableView & {
 *   rows: Row[],
 *   filter: Filter,
 *   search: string,
 *   onFilter: (filter: Filter) => void,
 *   onSearch: (search: string) => void,
 * }} view
 */
export function jobsView({ rows, filter, search, onFilter, onSearch, ...table }) {
  const found = rows.filter(FILTERS[filter].test).filter((row) => matches(row, search));
  /** @param {Event & { currentTarget: HTMLInputElement }} event */
  const onInput = ({ currentTarget }) => onSearch(currentTarget.value);
  return html`
    <section class="panel jobs" aria-labelledby="jobs-title">
      <header>
        <h2 id="jobs-title">Jobs</h2>
        <div class="filters" role="group" aria-label="Which jobs">
          ${FILTER_NAMES.map(
            (name) => html`<button class="chip" aria-pressed=${name === filter ? 'true' : 'false'}
              @click=${() => onFilter(name)}>${FILTERS[name].label} <span class="n">${rows.filter(FILTERS[name].test).length}</span></button>`,
          )}
        </div>
        <input id="search" type="search" placeholder="Search: name, repository, label, host, code" aria-label="Search jobs"
          .value=${search} @input=${onInput}>
      </header>
      ${found.length === 0 ? emptyView(rows.length, search) : tableView(found, table)}
    </section>`;
}

/** @param {number} count of all jobs @param {string} search */
function emptyView(count, search) {
  if (count === 0) {
    return html`<div class="empty"><p><strong>No jobs.</strong> No job is queued, and the journal has no ended job.</p>
      <p>A job appears here when a workflow asks for one of the labels in the config.</p></div>`;
  }
  return html`<div class="empty"><p><strong>Nothing matches${search ? ` “${search}”` : ''}.</strong></p></div>`;
}

/** @param {Row[]} found @param {TableView} view */
function tableView(found, { pages, now, selected, onMore }) {
  const shown = found.slice(0, pages * ROWS_PER_PAGE);
  const isMore = shown.length < found.length;
  /** @param {Event & { currentTarget: HTMLElement }} event */
  const scrolled = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
    if (isMore && scrollTop + 2 * clientHeight > scrollHeight) onMore();
  };
  return html`
    <div class="scroll" @scroll=${scrolled} tabindex="0" role="region" aria-label="List of jobs"><table class="list">
      <thead><tr><th>Job</th><th>State</th><th>Host</th><th class="num age">Age</th><th class="num wide">Attempt</th><th>Outcome</th></tr></thead>
      <tbody>
        ${repeat(
          shown,
          ({ job }) => job.key + job.enteredAt * Number(job.state === 'done' || job.state === 'failed'),
          (row) => rowView(row, now, selected),
        )}
      </tbody>
    </table>
    ${isMore ? html`<p class="more"><button class="link" @click=${onMore}>${found.length - shown.length} more</button></p>` : nothing}
    </div>`;
}

/** @param {Row} row @param {number} now @param {number | null} selected */
function rowView({ job, why, kind }, now, selected) {
  const { owner, repository, workflow, name, url, labels = [], queuedAt } = job.context.job ?? {};
  const address = webAddress(url);
  const old = kind === 'ended' ? `${age(now - job.at)} ago` : age(now - (queuedAt ?? job.enteredAt));
  return html`
    <tr class=${job.jobId === selected ? 'chosen' : ''} data-job=${job.jobId}>
      <td class="what">
        ${
          kind === 'unserved'
            ? html`<span class="title" title=${name ?? ''}>${name}</span>`
            : html`<a class="title" href="#/job/${job.jobId}" title=${name ?? ''}>${name || job.jobId}</a>`
        }
        ${address ? html`<a class="out" href=${address} target="_blank" rel="noopener noreferrer" aria-label="Job ${job.jobId} at GitHub">↗</a>` : nothing}
        <span class="sub" title="${owner}/${repository} · ${workflow} · ${labels.join(', ')}">${placeOf(job.context.job ?? {})}</span>
      </td>
      <td><span class="state ${kind === 'unserved' ? 'idle' : moodOf(job)}" title=${job.state}>${stateText(job)}</span></td>
      <td class="host">${job.host ?? '–'}</td>
      <td class="num age">${old}</td>
      <td class="num wide">${job.attempt || '–'}</td>
      <td class="outcome">${outcomeText({ job, why, kind }, now)}</td>
    </tr>`;
}

/**
 * Without the label `self-hosted`: every job here has it.
 * @param {NonNullable<Row['job']['context']['job']>} job
 */
function placeOf({ owner, repository, workflow, labels = [] }) {
  const own = labels.filter((label) => label !== 'self-hosted').join(', ');
  return [`${owner}/${repository}`, workflow, own].filter(Boolean).join(' · ');
}

/** @param {Row['job']} job */
function stateText({ state }) {
  if (state.startsWith('running.')) return state.split('.')[1] ?? state;
  return topState(state);
}

/** @param {Row} row @param {number} now */
function outcomeText({ job, why, kind }, now) {
  if (why) {
    const place = why.position === null ? '' : `#${why.position} · `;
    return html`<span class="why" title="${why.sentence} What frees it: ${why.frees}">${place}${why.sentence}</span>`;
  }
  const { phase } = job.context;
  if (kind === 'ended') {
    const end = endOfSeen(job);
    const cause = end.cause ? ` ${end.cause.code}: ${end.cause.message}` : '';
    return html`<span class=${end.outcome === 'lost' ? 'bad-text' : ''} title=${cause}>${outcomeWords(end)}${cause}</span>`;
  }
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
