import { html, nothing } from '/lib/lit-html/lit-html.js';
import { chartPanel } from '../chart/chart-panel.js';
import { occupantsOf } from '../chart/machines.js';
import { statePanel } from '../chart/state-panel.js';
import { traceOf } from '../chart/state-paths.js';
import { hostsView } from '../hosts/hosts.js';
import { jobView } from '../jobs/job.js';
import { rowsOf } from '../jobs/job-rows.js';
import { jobsView } from '../jobs/jobs.js';
import { sourcesView } from '../sources/sources.js';
import { headView } from './head.js';
import { edgesOf, timeView } from './timebar.js';

/**
 * @typedef {object} Choices what the person chose, and what is said to them; everything else is in the session
 * @property {import('../chart/chart.js').Chart[]} charts
 * @property {string} machine whose chart is shown
 * @property {import('../session/shown-job.js').ShownJob | null} job
 * @property {string | null} state whose panel is open
 * @property {import('../jobs/job-rows.js').Filter} filter
 * @property {string} search
 * @property {number} pages of the list of jobs that are drawn
 * @property {number} range milliseconds that the scrubber spans
 * @property {string | null} error
 * @property {string | null} notice
 * @property {boolean} wantsToken
 *
 * @typedef {object} Actions
 * @property {(changes: Partial<Choices>) => void} choose
 * @property {(jobId: number | null) => void} goTo
 * @property {() => void} copyLink
 * @property {() => void} saveEvidence
 */

/** The chart that is chosen; null until it is loaded. @param {Choices} choices */
export function chosenChart({ charts, machine }) {
  return charts.find(({ id }) => id === machine) ?? null;
}

/**
 * Everything between the head and the time bar, with both.
 * @param {Actions & {
 *   session: import('../session/session.js').Session,
 *   choices: Choices,
 *   panZoom: import('../chart/pan-zoom.js').PanZoom,
 *   orders: import('../session/orders.js').Orders,
 * }} view
 */
export function pageView({ session, choices, panZoom, orders, choose, goTo, copyLink, saveEvidence }) {
  const { overview, now, hosts, sources, waiting, unserved } = session;
  const { charts, machine, job, state, filter, search, pages, range, error, notice } = choices;
  if (!overview) return html`<p class="boot" role="status">${error ?? 'Loading…'}</p>`;
  const isPast = session.past !== null;
  const isReplay = session.mode === 'replay';
  const chart = chosenChart(choices);
  const occupants = occupantsOf(machine, overview);
  const stats = machine === 'job' ? session.stats : {};
  const entries = job?.entries.filter(({ at }) => at <= now + 1) ?? [];
  const edges = edgesOf(session, range);
  return html`
    ${headView({ session, overview, isPast, onCollect: () => orders.collect() })}
    <main>
      ${chartPanel({
        charts,
        chart,
        occupants,
        stats,
        trace: job && machine === 'job' ? traceOf(entries) : null,
        selected: state,
        panZoom,
        error,
        onMachine: (id) => choose({ machine: id, state: null }),
        onState: (path) => choose({ state: state === path ? null : path }),
      })}
      ${
        state !== null && chart
          ? statePanel({
              chart,
              path: state,
              stats,
              occupants: occupants.live,
              onClose: () => choose({ state: null }),
              onJob: goTo,
            })
          : nothing
      }
      ${
        job
          ? jobView({
              jobId: job.id,
              entries,
              story: job.story,
              stats: session.stats,
              now,
              isPast,
              isReplay,
              onClose: () => goTo(null),
              onOrder: (what) => orders.job(what, job.id),
              onEvidence: saveEvidence,
              onTravel: (at) => session.travel(at),
              sequence: { entries: job.entries, around: job.around, onLive: () => session.goLive() },
            })
          : nothing
      }
      <div class="columns">
        ${jobsView({
          rows: rowsOf({ overview, waiting, unserved, isPast }),
          pages,
          filter,
          search,
          now,
          selected: job?.id ?? null,
          onFilter: (chosen) => choose({ filter: chosen, pages: 1 }),
          onSearch: (words) => choose({ search: words, pages: 1 }),
          onMore: () => choose({ pages: pages + 1 }),
        })}
        <div class="side">
          ${hostsView({
            overview,
            hosts,
            edges,
            now,
            isPast,
            isReplay,
            onOrder: (what, host) => orders.host(what, host),
            onJob: goTo,
          })}
          ${sourcesView({ sources, overview, now, isPast: isPast || isReplay })}
        </div>
      </div>
    </main>
    ${timeView({ session, edges, range, onRange: (span) => choose({ range: span }), onCopy: copyLink })}
    ${notice ? html`<div class="notice" role="alert"><p>${notice}</p><button class="quiet" @click=${() => choose({ notice: null })} aria-label="Dismiss">✕</button></div>` : nothing}`;
}
