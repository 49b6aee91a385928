import { html, nothing, render } from '/lib/lit-html/lit-html.js';
import { Api, TokenWanted } from './api.js';
import { chartView, countsOf, pathOf, stateView } from './chart.js';
import { hostsView, sourcesView } from './hosts.js';
import { jobView } from './job.js';
import { jobsView, rowsOf } from './jobs.js';
import { Marks } from './marks.js';
import { PanZoom } from './pan-zoom.js';
import { Session } from './session.js';
import { timeView } from './timebar.js';

const root = document.getElementById('app');
root.replaceChildren();
const api = new Api();
const session = new Session(api, draw);
const panZoom = new PanZoom();
const marks = new Marks((jobId) => goTo(jobId));
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
  render(ui.wantsToken ? tokenView() : pageView(), root);
  panZoom.attach(document.getElementById('chart'));
}

function moveMarks() {
  const layer = document.getElementById('marks');
  const chart = chartShown();
  if (!layer || !chart || !session.world) return;
  const world = chart.id === 'job' ? session.world : { jobs: hostsAsJobs(), ended: [] };
  marks.draw(layer, chart.layout, world, ui.jobId);
}

function chartShown() {
  return ui.charts.find(({ id }) => id === ui.machine) ?? null;
}

/** Hosts on their own machine's chart: its marks are Macs. */
function hostsAsJobs() {
  return new Map(
    [...session.world.hosts.values()].map((host) => [
      `host:${host.name}`,
      { key: `host:${host.name}`, jobId: 0, state: host.state, context: { job: { name: host.name } } },
    ]),
  );
}

function pageView() {
  const { world } = session;
  if (!world) return html`<p class="boot" role="status">${ui.error ?? 'Loading…'}</p>`;
  const isPast = session.past !== null;
  const isReplay = session.mode === 'replay';
  const { now } = session;
  const chart = chartShown();
  const shown = ui.entries.filter(({ at }) => at <= now + 1);
  const lit = ui.jobId !== null && ui.machine === 'job' ? pathOf(shown) : null;
  const rows = rowsOf({ world, waiting: session.waiting, unserved: session.unserved, isPast });
  const jobs = ui.machine === 'job' ? world : { jobs: hostsAsJobs(), ended: [] };
  return html`
    ${headView(isPast)}
    <main>
      <section class="panel chart-panel" aria-label="Chart">
        <header>
          <div role="group" aria-label="Machine">${ui.charts.map(
            ({ id }) =>
              html`<button class="chip" aria-pressed=${id === ui.machine ? 'true' : 'false'} @click=${() => choose({ machine: id, state: null })}>${id === 'job' ? 'Job machine' : 'Host machine'}</button>`,
          )}</div>
          <p class="legend"><span class="key busy">working</span><span class="key good">busy or done</span><span class="key warn">waiting</span><span class="key bad">blocked or failed</span><span class="key idle">queued</span><span class="figures-key">median · p95</span></p>
          <div class="zoom" role="group" aria-label="Zoom">
            <button class="quiet" @click=${() => panZoom.zoom(1.4)} aria-label="Zoom in">+</button>
            <button class="quiet" @click=${() => panZoom.zoom(1 / 1.4)} aria-label="Zoom out">−</button>
            <button class="quiet" @click=${() => panZoom.fit()} aria-label="Show the whole chart">⤢</button>
          </div>
        </header>
        ${chart ? chartView({ chart, counts: countsOf(jobs), stats: ui.machine === 'job' ? session.stats : {}, lit, selected: ui.state, title: `State machine of a ${chart.id}`, onSelect: (path) => choose({ state: ui.state === path ? null : path }) }) : html`<p class="boot">${ui.error ?? 'Drawing the chart…'}</p>`}
      </section>
      ${ui.state !== null && chart ? stateView({ chart, path: ui.state, stats: session.stats, jobs: [...jobs.jobs.values()], onClose: () => choose({ state: null }), onJob: goTo }) : nothing}
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
        ${jobsView({ rows, filter: ui.filter, search: ui.search, now, selected: ui.jobId, onFilter: (filter) => choose({ filter }), onSearch: (search) => choose({ search }) })}
        <div class="side">
          ${hostsView({ world, hosts: session.hosts, now, isPast, isReplay, onOrder: orderHost, onJob: goTo })}
          ${sourcesView({ sources: session.sources, now: session.present, isPast })}
        </div>
      </div>
    </main>
    ${timeView({ session, range: ui.range, onRange: (range) => choose({ range }), onCopy: copyLink })}
    ${ui.notice ? html`<div class="notice" role="alert"><p>${ui.notice}</p><button class="quiet" @click=${() => choose({ notice: null })} aria-label="Dismiss">✕</button></div>` : nothing}`;
}

function headView(isPast) {
  const { connection, readiness, mode, world } = session;
  const waiting = [...world.jobs.values()].filter(({ state }) => state === 'queued').length;
  const link =
    mode === 'replay'
      ? ['idle', 'recording']
      : connection === 'live'
        ? ['good', 'connected']
        : ['bad', 'no connection'];
  return html`
    <header class="head">
      <h1><a href="#/">jeballto-runner</a></h1>
      <p class="sums"><b>${world.jobs.size - waiting}</b> at work <b>${waiting}</b> queued</p>
      ${isPast ? html`<span class="state warn">the past</span>` : nothing}
      <span class="grow"></span>
      ${mode === 'live' && readiness ? html`<span class="state ${readiness.ready ? 'good' : 'bad'}" title=${readiness.reasons?.join('\n') ?? ''}>${readiness.ready ? 'ready' : 'not ready'}</span>` : nothing}
      <span class="state ${link[0]}" role="status">${link[1]}</span>
      ${mode === 'live' ? html`<button @click=${collect}>Collect now</button>` : nothing}
    </header>
    ${mode === 'live' && readiness && !readiness.ready ? html`<div class="banner" role="alert">${readiness.reasons.map((reason) => html`<p>${reason}</p>`)}</div>` : nothing}`;
}

function tokenView() {
  const submit = (event) => {
    event.preventDefault();
    api.keepToken(event.target.elements.token.value);
    ui.wantsToken = false;
    void begin();
  };
  return html`<main class="gate"><form @submit=${submit}>
    <h1>jeballto-runner</h1>
    <label for="token">Admin token</label>
    <input id="token" name="token" type="password" autocomplete="off" required>
    <p class="sub">The value of <code>admin.token</code> in the daemon's config. It stays in this tab.</p>
    ${ui.error ? html`<p class="bad-text" role="alert">${ui.error}</p>` : nothing}
    <button type="submit">Open</button>
  </form></main>`;
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

function whoOrders() {
  const known = localStorage.getItem('operator');
  if (known) return known;
  const given = prompt('Your name, for the journal:');
  if (given) localStorage.setItem('operator', given);
  return given;
}

async function order(question, path) {
  if (!confirm(question)) return;
  const by = whoOrders();
  if (!by) return;
  try {
    await api.order(path, by);
    await session.refresh();
  } catch (error) {
    fail(error);
  }
}

function orderJob(what) {
  const { jobId } = ui;
  if (what === 'evidence') return saveEvidence(jobId);
  const questions = {
    cancel: `Give up job ${jobId} and remove its VM? It is not tried again. A job that already runs is left alone.`,
    retry: `Try job ${jobId} again now?`,
  };
  return order(questions[what], `/api/jobs/${jobId}/${what}`);
}

function orderHost(what, host) {
  const questions = {
    cordon: `Give ${host} no new jobs until somebody takes that back?`,
    uncordon: `Give ${host} jobs again?`,
    drain: `Cordon ${host} and send on what is not at work there?`,
  };
  return order(questions[what], `/api/hosts/${encodeURIComponent(host)}/${what}`);
}

function collect() {
  return order('Look for VMs and runners that nobody owns, and remove them now?', '/api/collect');
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
