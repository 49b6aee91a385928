import { html, nothing, render } from '/lib/lit-html/lit-html.js';
import { pathOf, stateView } from './chart/chart.js';
import { chartPanel } from './chart/chart-panel.js';
import { overviewOnChart } from './chart/machines.js';
import { Marks } from './chart/marks.js';
import { PanZoom } from './chart/pan-zoom.js';
import { gateView } from './frame/gate.js';
import { headView } from './frame/head.js';
import { edgesOf, timeView } from './frame/timebar.js';
import { hostsView } from './hosts/hosts.js';
import { jobView } from './jobs/job.js';
import { rowsOf } from './jobs/job-rows.js';
import { jobsView } from './jobs/jobs.js';
import { Api, TokenWanted } from './session/api.js';
import { Orders } from './session/orders.js';
import { Session } from './session/session.js';
import { sourcesView } from './sources/sources.js';

const root = document.getElementById('app');
root.replaceChildren();
const api = new Api();
const session = new Session(api, draw);
const marks = new Marks((jobId) => goTo(jobId));
const panZoom = new PanZoom(() => marks.refresh());
const orders = new Orders(api, { onDone: () => session.refresh(), onError: fail });
const narrow = matchMedia('(max-width: 760px)');

/** What the person chose; everything else is in the session. */
const ui = {
  charts: [],
  machine: 'job',
  jobId: null,
  entries: [],
  story: null,
  state: null,
  filter: 'all',
  search: '',
  pages: 1,
  range: 15 * 60_000,
  error: null,
  notice: null,
  wantsToken: false,
};

/** Milliseconds between two drawings of everything; marks alone move with each frame. */
const PACE = 150;

let isDrawing = false;
let paintedAt = 0;

/** Draws once a frame, however much has changed, and lists and figures no faster than a person reads. */
function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame((now) => {
    isDrawing = false;
    if (now - paintedAt >= PACE) {
      paintedAt = now;
      paint();
    } else {
      setTimeout(draw, PACE);
    }
    moveMarks();
  });
}

function paint() {
  render(ui.wantsToken ? gateView({ error: ui.error, onToken: enter }) : pageView(), root);
  panZoom.attach(document.getElementById('chart'));
}

function moveMarks() {
  const canvas = document.getElementById('marks');
  const chart = chartShown();
  if (!canvas || !chart || !session.overview) return;
  marks.show(canvas, chart.layout, overviewOnChart(chart.id, session.overview), ui.jobId);
}

function chartShown() {
  return ui.charts.find(({ id }) => id === ui.machine) ?? null;
}

function pageView() {
  const { overview } = session;
  if (!overview) return html`<p class="boot" role="status">${ui.error ?? 'Loading…'}</p>`;
  const isPast = session.past !== null;
  const isReplay = session.mode === 'replay';
  const { now } = session;
  const chart = chartShown();
  const shown = ui.entries.filter(({ at }) => at <= now + 1);
  const lit = ui.jobId !== null && ui.machine === 'job' ? pathOf(shown) : null;
  const rows = rowsOf({ overview, waiting: session.waiting, unserved: session.unserved, isPast });
  const onChart = overviewOnChart(ui.machine, overview);
  const edges = edgesOf(session, ui.range);
  return html`
    ${headView({ session, isPast, onCollect: () => orders.collect() })}
    <main>
      ${chartPanel({
        charts: ui.charts,
        chart,
        overview: onChart,
        stats: ui.machine === 'job' ? session.stats : {},
        lit,
        selected: ui.state,
        panZoom,
        error: ui.error,
        onMachine: (machine) => choose({ machine, state: null }),
        onState: (path) => choose({ state: ui.state === path ? null : path }),
      })}
      ${ui.state !== null && chart ? stateView({ chart, path: ui.state, stats: ui.machine === 'job' ? session.stats : {}, jobs: [...onChart.jobs.values()], onClose: () => choose({ state: null }), onJob: goTo }) : nothing}
      ${
        ui.jobId === null
          ? nothing
          : jobView({
              jobId: ui.jobId,
              entries: ui.entries,
              story: ui.story,
              stats: session.stats,
              now,
              isPast,
              isReplay,
              onClose: () => goTo(null),
              onOrder: orderJob,
              onTravel: (at) => session.travel(at),
            })
      }
      <div class="columns">
        ${jobsView({ rows, pages: ui.pages, filter: ui.filter, search: ui.search, now, selected: ui.jobId, onFilter: (filter) => choose({ filter, pages: 1 }), onSearch: (search) => choose({ search, pages: 1 }), onMore: () => choose({ pages: ui.pages + 1 }) })}
        <div class="side">
          ${hostsView({ overview, hosts: session.hosts, edges, now, isPast, isReplay, onOrder: (what, host) => orders.host(what, host), onJob: goTo })}
          ${sourcesView({ sources: session.sources, overview, now, isPast: isPast || isReplay })}
        </div>
      </div>
    </main>
    ${timeView({ session, edges, range: ui.range, onRange: (range) => choose({ range }), onCopy: copyLink })}
    ${ui.notice ? html`<div class="notice" role="alert"><p>${ui.notice}</p><button class="quiet" @click=${() => choose({ notice: null })} aria-label="Dismiss">✕</button></div>` : nothing}`;
}

function enter(token) {
  api.keepToken(token);
  ui.wantsToken = false;
  void begin();
}

/** What a person does shows at once. */
function choose(changes) {
  Object.assign(ui, changes);
  paintedAt = 0;
  draw();
}

function goTo(jobId) {
  location.hash = jobId ? `#/job/${jobId}` : '#/';
}

/** The address says which job and which moment is shown, so that a link is a view. */
function follow() {
  const [, job] = /^#\/job\/(\d+)/.exec(location.hash) ?? [];
  const [, at] = /[?&]at=(\d+)/.exec(location.hash) ?? [];
  const jobId = job ? Number(job) : null;
  if (jobId !== ui.jobId) {
    Object.assign(ui, { jobId, entries: [], story: null });
    if (jobId !== null) void loadJob().then(showJob);
  }
  if (at) void session.travel(Number(at));
  draw();
}

async function loadJob() {
  const { jobId } = ui;
  if (jobId === null) return;
  try {
    const [{ entries }, story] = await Promise.all([
      api.get(`/api/jobs/${jobId}/journal`),
      api.get(`/api/jobs/${jobId}`).catch(() => null),
    ]);
    if (ui.jobId !== jobId) return;
    const kept =
      story?.evidence?.length && ui.story?.evidence?.length !== story.evidence.length
        ? (await api.get(`/api/jobs/${jobId}/evidence`)).kept
        : ui.story?.kept;
    if (ui.jobId === jobId) choose({ entries, story: story && { ...story, kept } });
  } catch (error) {
    fail(error);
  }
}

/** The chart may fill the window: the answer that one asked for comes into view. */
function showJob() {
  setTimeout(() => document.querySelector('.verdict')?.scrollIntoView({ block: 'nearest' }), 2 * PACE);
}

session.onEntry = (entry) => {
  if (entry.jobId !== ui.jobId) return;
  ui.entries = [...ui.entries, entry];
};

/** What a live job does at the moment is not in the journal. */
setInterval(() => {
  if (ui.jobId !== null && !session.past && !document.hidden && session.mode === 'live') void loadJob();
}, 2_500);
setInterval(() => {
  if (!document.hidden && !session.past) draw();
}, 1_000);

function orderJob(what) {
  return what === 'evidence' ? saveEvidence(ui.jobId) : orders.job(what, ui.jobId);
}

async function saveEvidence(jobId) {
  try {
    const file = await api.get(`/api/jobs/${jobId}/evidence`);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: 'application/json' }));
    link.download = `job-${jobId}.evidence.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    fail(error);
  }
}

async function copyLink() {
  const place = ui.jobId === null ? '#/' : `#/job/${ui.jobId}`;
  const link = `${location.origin}/${place}?at=${Math.round(session.now)}`;
  history.replaceState(null, '', link);
  await navigator.clipboard?.writeText(link).catch(() => undefined);
  choose({ notice: 'The link to this moment is copied, and stands in the address bar.' });
}

function fail(error) {
  if (error instanceof TokenWanted)
    choose({ wantsToken: true, error: sessionStorage.getItem('token') ? error.message : null });
  else choose({ notice: error.message, error: error.message });
}

async function begin() {
  try {
    await session.begin();
    await drawChart();
    ui.error = null;
    follow();
    if (ui.jobId !== null) void loadJob();
  } catch (error) {
    fail(error);
    if (!(error instanceof TokenWanted)) setTimeout(begin, 2_000);
  }
}

async function drawChart() {
  const { machines } = await api.get(`/api/machines?shape=${narrow.matches ? 'tall' : 'wide'}`);
  choose({ charts: machines });
}

addEventListener('hashchange', follow);
narrow.addEventListener('change', () => drawChart().catch(fail));
addEventListener('keydown', (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') {
    if (ui.state !== null) choose({ state: null });
    else if (ui.jobId !== null) goTo(null);
  } else if (!isTyping && event.key === '/') {
    event.preventDefault();
    document.getElementById('search')?.focus();
  } else if (
    !isTyping &&
    !event.ctrlKey &&
    !event.metaKey &&
    document.getElementById('chart') &&
    panZoom.key(event)
  ) {
    event.preventDefault();
  }
});
void begin();
