// @ts-check
import { orderWords } from './words/order-words.js';

/**
 * What was true at a moment: the sum of the journal's entries up to it. The page makes it for the live view and for
 * time travel, the daemon for `/api/state?at=` and the metrics, with the same code, so that they cannot disagree.
 *
 * @typedef {import('../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {import('../../machines/job/context.ts').JobContext} JobContext
 *
 * @typedef {object} SeenJob
 * @property {string} key
 * @property {number} jobId
 * @property {number} attempt
 * @property {string | null} host
 * @property {string} state such as `running.busy.watching`
 * @property {number} enteredAt epoch ms at which its top state was entered
 * @property {number} at epoch ms of its last entry
 * @property {string} event
 * @property {Partial<JobContext>} context
 * @property {import('../store/tables/journal.ts').TellableEnd} [end] how it ended, where its last entry says it
 *
 * @typedef {object} SeenHost
 * @property {string} name
 * @property {string} state
 * @property {number} at
 * @property {number} slots
 * @property {string} version
 * @property {{ name: string, state: string, ours: boolean, base?: true }[]} vms
 * @property {string | null} failure
 * @property {number | null} unreachableSince epoch ms
 * @property {number} restartsSeen
 * @property {{ by: string, at: number, until?: number } | null} cordon
 * @property {number | null} [maintenanceSince] epoch ms since which its agent refuses changes
 * @property {import('../../machines/host.ts').Proof | null} [proof] why it gets only one VM at a time
 *
 * @typedef {import('../../machines/webhooks.ts').WebhooksContext & { state: string, since: number }} Webhooks
 * @typedef {Webhooks & { at: number }} SeenWebhooks `at`: epoch ms at which they were written down
 * @typedef {import('../../machines/breaker.ts').BreakerView} SeenBreaker
 *
 * @typedef {import('../store/tables/hosts/rollouts.ts').Rollout & { profile: string, state: string, at: number, why: string }} SeenImage
 *
 * @typedef {object} SeenOrder
 * @property {number} at
 * @property {string} what in words
 * @property {string} by
 *
 * @typedef {object} Overview
 * @property {number} seq the last entry that is in it
 * @property {number} at
 * @property {Map<string, SeenJob>} jobs
 * @property {Map<string, SeenHost>} hosts
 * @property {SeenWebhooks | null} webhooks null where nothing is known of them
 * @property {Map<string, SeenBreaker>} breakers those that are not closed
 * @property {Map<string, SeenImage>} images by profile, where images are told apart
 * @property {SeenJob[]} ended the newest first
 * @property {SeenOrder[]} orders the newest first
 */

/** Jobs that have ended and are still shown. */
const MOST_ENDED_JOBS = 200;
/** Orders of operators that are still shown. */
const MOST_ORDERS = 20;

/** @returns {Overview} */
export function emptyOverview() {
  return {
    seq: 0,
    at: 0,
    jobs: new Map(),
    hosts: new Map(),
    webhooks: null,
    breakers: new Map(),
    images: new Map(),
    ended: [],
    orders: [],
  };
}

/**
 * Returns the overview of an answer of `/api/state`.
 * @param {Pick<Overview, 'seq' | 'at' | 'webhooks' | 'ended' | 'orders'> & { jobs: SeenJob[], hosts: SeenHost[], breakers: SeenBreaker[], images: SeenImage[] }} answer
 * @returns {Overview}
 */
export function overviewOf({ seq, at, jobs, hosts, webhooks, breakers, images, ended, orders }) {
  return {
    seq,
    at,
    jobs: new Map(jobs.map((job) => [job.key, job])),
    hosts: new Map(hosts.map((host) => [host.name, host])),
    webhooks,
    breakers: new Map(breakers.map((breaker) => [breakerKey(breaker), breaker])),
    images: new Map(images.map((image) => [image.profile, image])),
    ended,
    orders,
  };
}

/** Returns the state that people know: the first name in a path. @param {string} path */
export function topState(path) {
  return path.split(/[.,]/)[0] ?? path;
}

/** Adds the next entry to an overview. @param {Overview} overview @param {Entry} entry */
export function applyEntry(overview, entry) {
  if (entry.seq <= overview.seq) return;
  overview.seq = entry.seq;
  overview.at = entry.at;
  if (entry.kind === 'daemon') restart(overview);
  else if (entry.kind === 'quarantine') overview.jobs.delete(entry.actor);
  else if (entry.kind === 'host') applyHost(overview, entry);
  else if (entry.kind === 'webhooks') overview.webhooks = /** @type {SeenWebhooks} */ (standOf(entry));
  else if (entry.kind === 'breaker') applyBreaker(overview, entry);
  else if (entry.kind === 'image') applyImage(overview, entry);
  else if (entry.kind === 'order') applyOrder(overview, entry);
  else if (entry.kind === undefined) applyTransition(overview, entry);
}

/** @param {Overview} overview */
function restart(overview) {
  // Jobs and images that go on have an entry of their own after this one. Webhooks and breakers start without any
  // state.
  overview.jobs.clear();
  overview.breakers.clear();
  overview.images.clear();
  overview.webhooks = null;
}

/** @param {Overview} overview @param {Entry} entry */
function applyTransition(overview, entry) {
  const { actor: key, jobId, attempt, host, to: state, at, event } = entry;
  const before = overview.jobs.get(key);
  const isSame = before !== undefined && topState(before.state) === topState(state);
  const context = { ...before?.context, ...entry.changed };
  const enteredAt = isSame ? before.enteredAt : at;
  const job = {
    key,
    jobId,
    attempt,
    host,
    state,
    enteredAt,
    at,
    event,
    context,
    ...(entry.end && { end: entry.end }),
  };
  if (state === 'done' || state === 'failed') {
    overview.jobs.delete(key);
    if (!holdsItsJob(job)) return;
    overview.ended = [job, ...endedBut(overview, jobId)].slice(0, MOST_ENDED_JOBS);
  } else {
    overview.jobs.set(key, job);
    // A job that was given up and is served again has not ended.
    if (before?.jobId !== jobId && holdsItsJob(job)) overview.ended = endedBut(overview, jobId);
  }
}

/**
 * Returns false for an actor whose job went on in another one (`released` in journals of earlier versions), and for a
 * VM that never had one: its end is not an outcome of a job.
 * @param {Pick<SeenJob, 'jobId' | 'context'>} seen
 */
export function holdsItsJob({ jobId, context }) {
  const { job, released } = /** @type {Partial<JobContext> & { released?: boolean }} */ (context);
  return jobId > 0 && released !== true && (job === undefined || job.id === jobId);
}

/** @param {Overview} overview @param {number} jobId */
function endedBut({ ended }, jobId) {
  return ended.filter((other) => other.jobId !== jobId);
}

/** @param {Overview} overview @param {Entry} entry */
function applyHost(overview, entry) {
  const { host } = entry;
  if (host !== null && entry.to === 'removed') overview.hosts.delete(host);
  else if (host !== null)
    overview.hosts.set(host, /** @type {SeenHost} */ ({ ...standOf(entry), name: host }));
}

/** @param {Overview} overview @param {Entry} entry */
function applyBreaker(overview, entry) {
  const breaker = /** @type {SeenBreaker} */ (standOf(entry));
  if (breaker.state === 'closed') overview.breakers.delete(breakerKey(breaker));
  else overview.breakers.set(breakerKey(breaker), breaker);
}

/** @param {Overview} overview @param {Entry} entry */
function applyImage({ images }, entry) {
  const image = /** @type {SeenImage} */ (standOf(entry));
  images.set(image.profile, image);
}

/** @param {Overview} overview @param {Entry} entry */
function applyOrder(overview, { at, event, jobId, host, detail }) {
  const by = String(detail?.by ?? '');
  const end = typeof detail?.until === 'number' ? { until: detail.until } : {};
  const profile = typeof detail?.profile === 'string' ? { profile: detail.profile } : {};
  const order = { at, what: orderWords({ event, jobId, host, ...end, ...profile }), by };
  overview.orders = [order, ...overview.orders].slice(0, MOST_ORDERS);
}

/** @param {Entry} entry @returns {object} */
function standOf({ detail, to: state, at }) {
  return { ...detail, state, at };
}

/** @param {Pick<SeenBreaker, 'about' | 'name'>} breaker */
export function breakerKey({ about, name }) {
  return `${about} ${name}`;
}
