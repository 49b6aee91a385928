import { html, nothing } from '/lib/lit-html/lit-html.js';
import { attentionOf } from '../../journal/attention/attention.js';
import { chartPanel } from '../chart/chart-panel.js';
import { occupantsOf } from '../chart/machines.js';
import { statePanel } from '../chart/state-panel.js';
import { traceOf } from '../chart/state-paths.js';
import { hostsView } from '../hosts/hosts.js';
import { jobView } from '../jobs/job.js';
import { notOursOf, rowsOf } from '../jobs/job-rows.js';
import { jobsView } from '../jobs/jobs.js';
import { orderDialog } from '../orders/order-dialog.js';
import { collectOrder, hostOrder, jobOrder } from '../orders/order-texts.js';
import { overviewView } from '../overview/overview.js';
import { serviceVerdict } from '../overview/service-verdict.js';
import { sourcesView } from '../sources/sources.js';
import { trendsView } from '../trends/trends.js';
import { usageView } from '../usage/usage.js';
import { addressOf } from './address.js';
import { controllersView } from './controllers.js';
import { headView } from './head.js';
import { edgesOf, timeView } from './timebar.js';

/**
 * @typedef {import('./address.js').Place} Place
 *
 * @typedef {object} Choices what the person chose beside the address, and what is said to them
 * @property {import('../chart/chart.js').Chart[]} charts
 * @property {string} machine whose chart is shown
 * @property {import('../session/shown-job.js').ShownJob | null} job
 * @property {string | null} state whose panel is open
 * @property {number} pages of the list of jobs that are drawn
 * @property {number} range milliseconds that the scrubber spans
 * @property {string | null} error
 * @property {string | null} notice
 * @property {string} announced what screen readers are told: what begins to be wrong, and what is over
 * @property {boolean} wantsToken
 *
 * @typedef {object} Actions
 * @property {(changes: Partial<Choices>) => void} choose
 * @property {(changes: Partial<Place>) => void} goTo another address
 * @property {(search: string) => void} search
 * @property {() => void} notify
 * @property {(event: Event) => void} skip
 * @property {() => void} copyLink
 * @property {() => void} saveEvidence
 * @property {(what: import('../look/why-no-look.js').Look, vmName: string) => void} look
 * @property {() => void} goLive
 *
 * @typedef {Actions & {
 *   session: import('../session/session.js').Session,
 *   place: Place,
 *   choices: Choices,
 *   items: import('../../journal/attention/attention.js').Item[],
 *   panZoom: import('../chart/pan-zoom.js').PanZoom,
 *   orders: import('../orders/orders.js').Orders,
 *   notifier: import('../attention/notifier.js').Notifier,
 *   trends: ReturnType<typeof import('../trends/trend-loader.js').trendLoader>,
 *   usage: ReturnType<typeof import('../usage/usage-loader.js').usageLoader>,
 * }} PageView `items` that need attention now
 *
 * @typedef {PageView & { overview: import('../../journal/overview.js').Overview }} LoadedView
 */

/** The views without the list of jobs. @type {Place['view'][]} */
const WITHOUT_DESK = ['chart', 'hosts', 'trends', 'usage'];

/** The chart that is chosen; null until it is loaded. @param {Choices} choices */
export function chosenChart({ charts, machine }) {
  return charts.find(({ id }) => id === machine) ?? null;
}

/** Everything that the page shows. @param {PageView} view */
export function pageView(view) {
  const { session, place, choices, items, notifier, orders } = view;
  const { overview } = session;
  const { range, error, notice, announced } = choices;
  if (!overview) return html`<p class="boot" role="status">${error ?? 'Loading…'}</p>`;
  const edges = edgesOf(session, range);
  const loaded = { ...view, overview };
  return html`
    ${headView({ session, place, items, notifier, onNotify: view.notify, onSkip: view.skip })}
    ${session.past ? nothing : controllersView({ controllers: session.controllers, now: session.present })}
    <main class="of-${place.view}">
      ${place.view === 'overview' ? firstScreen(loaded) : nothing}
      ${place.view === 'chart' ? chartScreen(loaded) : nothing}
      ${place.view === 'hosts' ? hostsScreen(loaded, edges) : nothing}
      ${place.view === 'trends' ? trendsView({ ...view.trends, range: place.range, at: place.at, isReplay: session.mode === 'replay' }) : nothing}
      ${place.view === 'usage' ? usageView({ shown: view.usage, place }) : nothing}
      ${WITHOUT_DESK.includes(place.view) ? nothing : desk(loaded)}
    </main>
    ${timeView({ session, edges, range, onRange: (span) => view.choose({ range: span }), onCopy: view.copyLink, onLive: view.goLive })}
    ${orderDialog(orders)}
    <p class="unseen" role="status" id="announcer">${announced}</p>
    ${notice ? html`<div class="notice" role="alert"><p>${notice}</p><button class="quiet" @click=${() => view.choose({ notice: null })} aria-label="Dismiss">✕</button></div>` : nothing}`;
}

/** @param {LoadedView} view */
function firstScreen({ session, overview, items }) {
  const { now, past, mode, readiness, lostAt } = session;
  const isPast = past !== null;
  const isReplay = mode === 'replay';
  const shown = isPast
    ? attentionOf({ overview, now, scopes: null, isSilent: false, unreadable: {}, runners: [] })
    : items;
  return overviewView({
    overview,
    waiting: isPast ? [] : session.waiting,
    verdict: serviceVerdict({ readiness, items: shown, now, isPast, isReplay, lostAt }),
    items: shown,
    now,
    isLost: lostAt !== null,
  });
}

/** The list of jobs, and beside it the job that is chosen. @param {LoadedView} view */
function desk({ session, overview, place, choices, orders, choose, goTo, search, saveEvidence, look }) {
  const { now, waiting, unserved, mode, role } = session;
  const isPast = session.past !== null;
  const { job, pages } = choices;
  const { filter, search: words, view, tab } = place;
  const shown = view === 'job' ? job : null;
  return html`<div class="desk ${view === 'job' ? 'split' : ''}">
    ${jobsView({
      rows: rowsOf({ overview, waiting, isPast }),
      notOurs: notOursOf({ waiting, unserved, isPast }),
      isPast,
      pages,
      place,
      now,
      onSearch: search,
      onMore: () => choose({ pages: pages + 1 }),
    })}
    ${
      shown
        ? jobView({
            job: shown,
            entries: shown.entries.filter(({ at }) => at <= now + 1),
            stats: isPast ? {} : session.stats,
            now,
            isPast,
            tab,
            canOrder: session.canOrder,
            role,
            mode,
            canSave: role === 'operator' || mode === 'replay',
            list: addressOf({ view: 'jobs', filter, search: words }),
            onTab: (chosen) => goTo({ ...place, tab: chosen, at: null }),
            onOrder: (what, name) => orders.ask(jobOrder(what, shown.id, name)),
            onEvidence: saveEvidence,
            onLook: look,
            onFull: (isFull) => {
              shown.look.isFull = isFull;
              choose({});
            },
            onTravel: (at) => session.travel(at),
            onLive: () => session.goLive(),
            onList: () => goTo({ view: 'jobs', filter, search: words }),
          })
        : nothing
    }
  </div>`;
}

/** @param {LoadedView} view */
function chartScreen({ session, overview, place, choices, panZoom, choose, goTo }) {
  const { charts, machine, job, state, error } = choices;
  const chart = chosenChart(choices);
  const occupants = occupantsOf(machine, overview);
  // The figures of today are not those of the past.
  const stats = machine === 'job' && session.past === null ? session.stats : {};
  const entries = job?.entries.filter(({ at }) => at <= session.now + 1) ?? [];
  return html`
    <h2 class="unseen" data-heading tabindex="-1">Chart</h2>
    ${place.jobId === null ? nothing : html`<p class="traced">The way of <a href=${addressOf({ view: 'job', jobId: place.jobId })}>job ${place.jobId}</a>. <a href=${addressOf({ view: 'chart' })}>Show all jobs</a></p>`}
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
            onJob: (jobId) => goTo({ view: 'job', jobId }),
          })
        : nothing
    }`;
}

/** @param {LoadedView} view @param {import('./timebar.js').Edges} edges */
function hostsScreen({ session, overview, orders, goTo }, edges) {
  const { hosts, sources, config, now, canOrder, mode } = session;
  const isPast = session.past !== null;
  return html`<div class="columns">
    ${hostsView({
      overview,
      hosts,
      edges,
      now,
      isPast,
      canOrder,
      onOrder: (what, host) => orders.ask(hostOrder(what, host)),
      onCollect: () => orders.ask(collectOrder()),
      onJob: (jobId) => goTo({ view: 'job', jobId }),
    })}
    ${sourcesView({ sources, config, overview, now, isPast: isPast || mode === 'replay' })}
  </div>`;
}
