// @ts-check

/**
 * What was true at a moment, folded from the journal: the page does it for the live view and for time travel, the
 * daemon for `/api/state?at=`. One fold, or the two would tell different stories.
 *
 * @typedef {import('../store/journal.ts').StoredJournalEntry} Entry
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
 * @property {{ by: string, at: number } | null} cordon
 *
 * @typedef {object} World
 * @property {number} seq the last entry that is in it
 * @property {number} at
 * @property {Map<string, SeenJob>} jobs
 * @property {Map<string, SeenHost>} hosts
 * @property {SeenJob[]} ended the newest first
 */

/** Jobs that are over and still shown. */
const MOST_ENDED = 200;

/** @returns {World} */
export function emptyWorld() {
  return { seq: 0, at: 0, jobs: new Map(), hosts: new Map(), ended: [] };
}

/**
 * The world of an answer of `/api/state`.
 * @param {{ seq: number, at: number, jobs: SeenJob[], hosts: SeenHost[], ended: SeenJob[] }} answer
 * @returns {World}
 */
export function worldOf({ seq, at, jobs, hosts, ended }) {
  return {
    seq,
    at,
    jobs: new Map(jobs.map((job) => [job.key, job])),
    hosts: new Map(hosts.map((host) => [host.name, host])),
    ended,
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
  // What does not come back after a restart was put in quarantine: it lives no more.
  if (entry.kind === 'daemon') world.jobs.clear();
  else if (entry.kind === 'quarantine') world.jobs.delete(entry.actor);
  else if (entry.kind === 'host') applyHost(world, entry);
  else if (entry.kind === undefined) applyTransition(world, entry);
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
    world.ended = [job, ...world.ended.filter((other) => other.key !== key)].slice(0, MOST_ENDED);
  } else {
    world.jobs.set(key, job);
  }
}

/** @param {World} world @param {Entry} entry */
function applyHost(world, entry) {
  const { host, to: state, at, detail } = entry;
  if (host === null) return;
  world.hosts.set(host, /** @type {SeenHost} */ ({ ...detail, name: host, state, at }));
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
