import { render } from '/lib/lit-html/lit-html.js';
import { occupantsOf } from './chart/machines.js';
import { Marks } from './chart/marks.js';
import { PanZoom } from './chart/pan-zoom.js';
import { gateView } from './frame/head.js';
import { chosenChart, pageView } from './frame/page.js';
import { Api, TokenWanted } from './session/api.js';
import { Orders } from './session/orders.js';
import { Session } from './session/session.js';
import { ShownJob } from './session/shown-job.js';

/** Milliseconds between two drawings of everything; only marks move with each frame. */
const PACE = 150;
/** Milliseconds between two loads of the job that is shown. */
const JOB_PACE = 2_500;
/** Milliseconds between drawings while nothing happens, for the ages in the lists. */
const AGES_PACE = 1_000;

const root = document.getElementById('app') ?? document.body;
root.replaceChildren();
const api = new Api();
const session = new Session(api, { onChange: draw, onEntry: (entry) => choices.job?.add(entry) });
const marks = new Marks((jobId) => goTo(jobId));
const panZoom = new PanZoom(() => marks.refresh());
const orders = new Orders(api, { onDone: () => session.refresh(), onError: fail });
const narrow = matchMedia('(max-width: 760px)');

/** @type {import('./frame/page.js').Choices} */
const choices = {
  charts: [],
  machine: 'job',
  job: null,
  state: null,
  filter: 'all',
  search: '',
  pages: 1,
  range: 15 * 60_000,
  error: null,
  notice: null,
  wantsToken: false,
};

let isFrameAsked = false;
let paintedAt = 0;

/** Draws at most once a frame, and lists and figures no faster than a person can read. */
function draw() {
  if (isFrameAsked) return;
  isFrameAsked = true;
  requestAnimationFrame((now) => {
    isFrameAsked = false;
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
  const view = choices.wantsToken
    ? gateView({ error: choices.error, onToken: enter })
    : pageView({ session, choices, panZoom, orders, choose, goTo, copyLink, saveEvidence });
  render(view, root);
  panZoom.attach(document.querySelector('svg#chart'));
}

function moveMarks() {
  const chart = chosenChart(choices);
  /** @type {HTMLCanvasElement | null} */
  const canvas = document.querySelector('#marks');
  if (!canvas || !chart || !session.overview) return;
  marks.show(canvas, chart.layout, occupantsOf(chart.id, session.overview), choices.job?.id ?? null);
}

/** @param {string} token */
function enter(token) {
  api.keepToken(token);
  choices.wantsToken = false;
  void begin();
}

/** Draws a person's choice at once. @param {Partial<import('./frame/page.js').Choices>} changes */
function choose(changes) {
  Object.assign(choices, changes);
  paintedAt = 0;
  draw();
}

/** @param {number | null} jobId */
function goTo(jobId) {
  location.hash = jobId ? `#/job/${jobId}` : '#/';
}

/** Shows the job and the moment of the address, so that a view can be linked. */
function followAddress() {
  const [, job] = /^#\/job\/(\d+)/.exec(location.hash) ?? [];
  const [, at] = /[?&]at=(\d+)/.exec(location.hash) ?? [];
  const jobId = job ? Number(job) : null;
  if (jobId !== (choices.job?.id ?? null)) {
    choices.job = jobId === null ? null : new ShownJob(api, jobId);
    if (choices.job) void loadJob().then(showVerdict);
  }
  if (at) void session.travel(Number(at));
  draw();
}

async function loadJob() {
  const { job } = choices;
  if (!job) return;
  try {
    await job.load();
    if (choices.job === job) choose({});
  } catch (error) {
    fail(error);
  }
}

/** Scrolls to the job's headline, since the chart may fill the window. */
function showVerdict() {
  setTimeout(() => document.querySelector('.verdict')?.scrollIntoView({ block: 'nearest' }), 2 * PACE);
}

function saveEvidence() {
  choices.job?.save().catch(fail);
}

async function copyLink() {
  const place = choices.job ? `#/job/${choices.job.id}` : '#/';
  const link = `${location.origin}/${place}?at=${Math.round(session.now)}`;
  history.replaceState(null, '', link);
  await navigator.clipboard?.writeText(link).catch(() => undefined);
  choose({ notice: 'The link to this moment is copied. It is also in the address bar.' });
}

/** @param {unknown} error */
function fail(error) {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TokenWanted)
    choose({ wantsToken: true, error: sessionStorage.getItem('token') ? message : null });
  else choose({ notice: message, error: message });
}

async function begin() {
  try {
    await session.begin();
    await loadCharts();
    choices.error = null;
    followAddress();
    if (choices.job) void loadJob();
  } catch (error) {
    fail(error);
    if (!(error instanceof TokenWanted)) setTimeout(begin, 2_000);
  }
}

async function loadCharts() {
  const { machines } = await api.get('/api/machines', { shape: narrow.matches ? 'tall' : 'wide' });
  choose({ charts: machines });
}

/** @param {KeyboardEvent} event */
function key(event) {
  const isTyping = event.target instanceof Element && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') {
    if (choices.state !== null) choose({ state: null });
    else if (choices.job) goTo(null);
  } else if (!isTyping && event.key === '/') {
    event.preventDefault();
    document.getElementById('search')?.focus();
  } else if (!isTyping && !event.ctrlKey && !event.metaKey && panZoom.key(event)) {
    event.preventDefault();
  }
}

setInterval(() => {
  if (choices.job && !session.past && !document.hidden && session.mode === 'live') void loadJob();
}, JOB_PACE);
setInterval(() => {
  if (!document.hidden && !session.past) draw();
}, AGES_PACE);
addEventListener('hashchange', followAddress);
narrow.addEventListener('change', () => loadCharts().catch(fail));
addEventListener('keydown', key);
void begin();
