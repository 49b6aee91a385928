import { html, nothing } from '/lib/lit-html/lit-html.js';
import { counted } from '../../format.js';
import { topState } from '../../journal/overview.js';
import { PIPELINE } from '../../journal/pipeline.js';
import { troubleOf } from '../../journal/trouble.js';
import { addressOf } from '../frame/address.js';

/**
 * Returns how many jobs are in each state, and how many of them have trouble.
 * @param {import('../../journal/overview.js').Overview} overview
 */
export function stateCounts({ jobs }) {
  const counts = PIPELINE.map((state) => ({ state, jobs: 0, trouble: 0 }));
  const warm = { state: 'warm', jobs: 0, trouble: 0 };
  for (const job of jobs.values()) {
    const top = topState(job.state);
    const count = top === 'warm' ? warm : counts.find(({ state }) => state === top);
    if (!count) continue;
    count.jobs += 1;
    if (troubleOf(job)) count.trouble += 1;
  }
  // A warm VM waits for a job between its check and its runner.
  if (warm.jobs > 0) counts.splice(PIPELINE.indexOf('jitConfig'), 0, warm);
  return counts;
}

/** The states in one row, as a link to the chart. @param {import('../../journal/overview.js').Overview} overview */
export function stateStrip(overview) {
  return html`<a class="panel states" href=${addressOf({ view: 'chart' })}><span class="unseen">Chart of the states:</span>
    ${stateCounts(overview).map(
      ({
        state,
        jobs,
        trouble,
      }) => html`<span class="stop ${jobs > 0 ? 'inhabited' : ''}" data-state=${state} title=${counted(jobs, 'job')}>
        <span class="name">${state}</span>
        <span class="count"><b>${jobs}</b>${trouble > 0 ? html` <i class="state warn">${trouble}<span aria-hidden="true">!</span><span class="unseen"> with trouble</span></i>` : nothing}</span></span> `,
    )}</a>`;
}
