import { render } from '/lib/lit-html/lit-html.js';
import { AttentionSigns, attentionNow } from './attention/attention-signs.js';
import { Notifier } from './attention/notifier.js';
import { ChartLoader } from './chart/chart-loader.js';
import { occupantsOf } from './chart/machines.js';
import { Marks } from './chart/marks.js';
import { PanZoom } from './chart/pan-zoom.js';
import { addressOf, placeOf } from './frame/address.js';
import { focusAfterDialog, focusContent, focusView } from './frame/focus.js';
import { gateView } from './frame/gate.js';
import { chosenChart, pageView } from './frame/page.js';
import { RANGES } from './frame/ranges.js';
import { showDialog } from './orders/order-dialog.js';
import { Orders } from './orders/orders.js';
import { Api, TokenWanted } from './session/api.js';
import { Session } from './session/session.js';
import { ShownJob } from './session/shown-job.js';
import { trendLoader } from './trends/trend-loader.js';
import { usageLoader } from './usage/usage-loader.js';

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
const marks = new Marks((jobId) => goTo({ view: 'job', jobId }));
const panZoom = new PanZoom(() => marks.refresh());
const orders = new Orders(api, { onChange: drawNow, onDone: () => session.refresh() });
const trends = trendLoader(api, { onChange: drawNow, onTokenWanted: fail });
const notifier = new Notifier();
const usage = usageLoader(api, { onChange: drawNow, onTokenWanted: fail, now: () => session.present });
const signs = new AttentionSigns(session, notifier);
const charts = new ChartLoader(api, () => {
  if (place.view === 'chart') void loadCharts();
});

let place = placeOf(location.hash);
/** The place before the last navigation, until the focus has followed it. @type {import('./frame/address.js').Place | null} */
let leftPlace = null;

/** @type {import('./frame/page.js').Choices} */
const choices = {
  charts: [],
  machine: 'job',
  job: null,
  state: null,
  pages: 1,
  range: RANGES['15m'].ms,
  error: null,
  notice: null,
  announced: '',
  wantsToken: false,
};

let isFrameAsked = false;
let paintedAt = 0;
let isDialogOpen = false;

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

function drawNow() {
  paintedAt = 0;
  draw();
}

function paint() {
  followFigures();
  const view = choices.wantsToken
    ? gateView({ error: choices.error, onToken: enter })
    : pageView({
        ...{
          session,
          place,
          choices,
          items: attentionNow(session),
          panZoom,
          orders,
          notifier,
          trends,
          usage,
        },
        ...{ choose, goTo, search, notify, skip, copyLink, saveEvidence, look, goLive },
      });
  render(view, root);
  panZoom.attach(document.querySelector('svg#chart'));
  showDialog(orders);
  if (isDialogOpen && orders.asked === null) focusAfterDialog();
  isDialogOpen = orders.asked !== null;
  if (leftPlace && session.overview) {
    focusView(place, leftPlace);
    leftPlace = null;
  }
}

/** The figures end at the moment that is shown. */
function followFigures() {
  const { view, range, by } = place;
  const at = session.past?.at ?? place.at;
  const isReady = range !== null && session.live !== null && !choices.wantsToken;
  const isLive = session.mode === 'live';
  trends.follow(isReady && isLive && view === 'trends' ? { range, at } : null);
  usage.follow(isReady && view === 'usage' ? { range, at, by } : null);
}

function moveMarks() {
  const chart = chosenChart(choices);
  /** @type {HTMLCanvasElement | null} */
  const canvas = document.querySelector('#marks');
  if (!canvas || !chart || !session.overview) return;
  marks.show(canvas, chart.layout, occupantsOf(chart.id, session.overview), choices.job?.id ?? null);
}

function watchAttention() {
  const announced = signs.update(place);
  if (announced !== '') choose({ announced });
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
  drawNow();
}

/** @param {Partial<import('./frame/address.js').Place>} next */
function goTo(next) {
  location.hash = addressOf(next);
}

/** Searches the list. The address follows, without a step of the history for each letter. @param {string} words */
function search(words) {
  const view = place.view === 'overview' ? 'jobs' : place.view;
  const address = addressOf({ ...place, view, search: words });
  if (view === place.view) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  place = placeOf(address);
  choose({ pages: 1 });
}

/** Shows what the address says, so that every view can be linked. */
function followAddress() {
  const before = place;
  place = placeOf(location.hash);
  const { view, jobId, filter, at } = place;
  if (view !== before.view || jobId !== before.jobId || place.host !== before.host) leftPlace = before;
  if (filter !== before.filter) choices.pages = 1;
  followJob();
  if (view === 'chart') void loadCharts();
  if (at !== null) {
    session.playing = false;
    void session.travel(at);
  }
  drawNow();
}

function followJob() {
  const { jobId } = place;
  if (jobId === (choices.job?.id ?? null)) return;
  choices.job?.look.forget();
  choices.job = jobId === null ? null : new ShownJob(api, jobId, session);
  if (choices.job) void loadJob();
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

function saveEvidence() {
  choices.job?.save().catch(fail);
}

/** Asks the VM of the job that is shown. @param {import('./look/why-no-look.js').Look} what @param {string} vmName */
async function look(what, vmName) {
  const asked = choices.job?.look.ask(what, vmName);
  choose({});
  await asked?.catch(fail);
  choose({});
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  focusContent();
}

async function notify() {
  const problem = await notifier.toggle();
  choose({ notice: problem });
}

async function copyLink() {
  const link = `${location.origin}/${addressOf({ ...place, at: session.now })}`;
  history.replaceState(null, '', link);
  await navigator.clipboard?.writeText(link).catch(() => undefined);
  choose({ notice: 'The link to this moment is copied. It is also in the address bar.' });
}

/** The address loses its moment, so that a reload stays in the present. */
function goLive() {
  place = { ...place, at: null };
  history.replaceState(null, '', addressOf(place));
  session.goLive();
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
    choices.error = null;
    if (place.at !== null) void session.travel(place.at);
    followJob();
    if (place.view === 'chart') void loadCharts();
    drawNow();
  } catch (error) {
    fail(error);
    if (!(error instanceof TokenWanted)) setTimeout(begin, 2_000);
  }
}

async function loadCharts() {
  try {
    const loaded = await charts.load();
    if (loaded) choose({ charts: loaded });
  } catch (error) {
    fail(error);
  }
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (orders.asked !== null) return;
  const isTyping = event.target instanceof Element && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === 'Escape') {
    if (choices.state !== null) choose({ state: null });
    else if (place.view === 'job') goTo({ view: 'jobs', filter: place.filter, search: place.search });
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
  watchAttention();
  if (!document.hidden && !session.past) draw();
}, AGES_PACE);
addEventListener('hashchange', followAddress);
addEventListener('keydown', key);
void begin();
