// @ts-check

/**
 * What was true at a moment, folded from the journal: the page does it for the live view and for time travel, the
 * daemon for `/api/state?at=`. One fold, or the two would tell different stories.
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
 * @property {{ by: string, at: number } | null} cordon
 *
 * @typedef {import('../../machines/webhooks.ts').WebhooksContext & { state: string, since: number }} Webhooks
 * @typedef {Webhooks & { at: number }} SeenWebhooks `at`: epoch ms at which they were written down
 * @typedef {import('../../machines/breaker.ts').BreakerView} SeenBreaker
 *
 * @typedef {object} SeenOrder
 * @property {number} at
 * @property {string} event
 * @property {string} on a job, a host or the collector
 * @property {string} by
 *
 * @typedef {object} World
 * @property {number} seq the last entry that is in it
 * @property {number} at
 * @property {Map<string, SeenJob>} jobs
 * @property {Map<string, SeenHost>} hosts
 * @property {SeenWebhooks | null} webhooks null where nothing is known of them
 * @property {Map<string, SeenBreaker>} breakers those that are not closed
 * @property {SeenJob[]} ended the newest first
 * @property {SeenOrder[]} orders the newest first
 */

/** Jobs that are over and still shown. */
const MOST_ENDED = 200;
/** Orders that are still told of. */
const MOST_ORDERS = 20;

/** @returns {World} */
export function emptyWorld() {
  return {
    seq: 0,
    at: 0,
    jobs: new Map(),
    hosts: new Map(),
    webhooks: null,
    breakers: new Map(),
    ended: [],
    orders: [],
  };
}

/**
 * The world of an answer of `/api/state`.
 * @param {Pick<World, 'seq' | 'at' | 'webhooks' | 'ended' | 'orders'> & { jobs: SeenJob[], hosts: SeenHost[], breakers: SeenBreaker[] }} answer
 * @returns {World}
 */
export function worldOf({ seq, at, jobs, hosts, webhooks, breakers, ended, orders }) {
  return {
    seq,
    at,
    jobs: new Map(jobs.map((job) => [job.key, job])),
    hosts: new Map(hosts.map((host) => [host.name, host])),
    webhooks,
    breakers: new Map(breakers.map((breaker) => [breakerKey(breaker), breaker])),
    ended,
    orders,
  };
}

/** The state that a person knows: the first part of the path. @param {string} path */
export function topState(path) {
  return path.split(/[.,]/)[0] ?? path;
}

/** Takes the next entry into a world. @param {World} world @param {Entry} entry */
export function applyEntry(world, entry) {
  if (entry.seq <= world.seq) return;
  world.seq = entry.seq;
  world.at = entry.at;
  if (entry.kind === 'daemon') restart(world);
  else if (entry.kind === 'quarantine') world.jobs.delete(entry.actor);
  else if (entry.kind === 'host') applyHost(world, entry);
  else if (entry.kind === 'webhooks') world.webhooks = /** @type {SeenWebhooks} */ (standOf(entry));
  else if (entry.kind === 'breaker') applyBreaker(world, entry);
  else if (entry.kind === 'order') applyOrder(world, entry);
  else if (entry.kind === undefined) applyTransition(world, entry);
}

/** @param {World} world */
function restart(world) {
  // What does not come back was put in quarantine: it lives no more. Webhooks and breakers begin anew.
  world.jobs.clear();
  world.breakers.clear();
  world.webhooks = null;
}

/** @param {World} world @param {Entry} entry */
function applyTransition(world, entry) {
  const { actor: key, jobId, attempt, host, to: state, at, event } = entry;
  const before = world.jobs.get(key);
  const isSame = before !== undefined && topState(before.state) === topState(state);
  const context = { ...before?.context, ...entry.changed };
  const enteredAt = isSame ? before.enteredAt : at;
  const job = { key, jobId, attempt, host, state, enteredAt, at, event, context };
  if (state === 'done' || state === 'failed') {
    world.jobs.delete(key);
    // An actor whose job went on elsewhere has no outcome of its own.
    if (context.released || jobId <= 0) return;
    world.ended = [job, ...endedBut(world, jobId)].slice(0, MOST_ENDED);
  } else {
    world.jobs.set(key, job);
    // A job that was given up and is served again is not over.
    if (before?.jobId !== jobId && jobId > 0) world.ended = endedBut(world, jobId);
  }
}

/** @param {World} world @param {number} jobId */
function endedBut({ ended }, jobId) {
  return ended.filter((other) => other.jobId !== jobId);
}

/** @param {World} world @param {Entry} entry */
function applyHost(world, entry) {
  const { host } = entry;
  if (host !== null) world.hosts.set(host, /** @type {SeenHost} */ ({ ...standOf(entry), name: host }));
}

/** @param {World} world @param {Entry} entry */
function applyBreaker(world, entry) {
  const breaker = /** @type {SeenBreaker} */ (standOf(entry));
  if (breaker.state === 'closed') world.breakers.delete(breakerKey(breaker));
  else world.breakers.set(breakerKey(breaker), breaker);
}

/** @param {World} world @param {Entry} entry */
function applyOrder(world, { at, event, actor, jobId, host, detail }) {
  const on = jobId > 0 ? `job ${jobId}` : (host ?? actor);
  const by = String(detail?.by ?? '');
  world.orders = [{ at, event, on, by }, ...world.orders].slice(0, MOST_ORDERS);
}

/** @param {Entry} entry @returns {object} */
function standOf({ detail, to: state, at }) {
  return { ...detail, state, at };
}

/** @param {Pick<SeenBreaker, 'about' | 'name'>} breaker */
export function breakerKey({ about, name }) {
  return `${about} ${name}`;
}

/**
 * How a job that is over ended, in a word. @param {SeenJob} job
 * @returns {'failed' | 'taken' | 'cancelled' | 'done'}
 */
export function outcomeOf({ state, context }) {
  if (state === 'failed') return 'failed';
  if (context.job?.status !== 'completed') return 'taken';
  return context.job.conclusion === 'cancelled' ? 'cancelled' : 'done';
}
