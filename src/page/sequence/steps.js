import { counted, span } from '../../format.js';
import { takesJobs } from '../../journal/facts/takes-jobs.js';
import { outcomeWords } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { effectOf, effectWords, eventWords, lineOf } from '../../journal/story/entry-words.js';
import { moodOf } from '../chart/state-paths.js';

/**
 * The events of a job and around it as steps between actors.
 *
 * @typedef {import('../../journal/overview.js').Entry} Entry
 *
 * @typedef {object} Lane an actor: a person, GitHub, an actor of the job, a host, a guest …
 * @property {string} id
 * @property {string} name
 * @property {string} title
 *
 * @typedef {object} Step
 * @property {number} seq
 * @property {number} at epoch ms
 * @property {string} sentence
 * @property {string} from a lane's id
 * @property {string[]} to lanes' ids; empty for what happened in one lane
 * @property {import('../chart/state-paths.js').Mood} mood
 * @property {Entry} entry
 *
 * @typedef {object} Sequence
 * @property {Lane[]} lanes those that occur, in the order in which they are drawn
 * @property {Step[]} steps in their order
 */

/**
 * Who sends an event to a job's actor. An effect's end comes from the system in which it worked.
 * @type {[event: RegExp, lane: 'github' | 'guest' | 'host' | 'operator' | 'daemon'][]}
 */
const SENDERS = [
  [/^job\.(observed|started|completed|takenElsewhere|stillQueued)$/, 'github'],
  [/^operator\./, 'operator'],
  [/^(host\.|vm\.vanished)/, 'host'],
  [/^(slot|daemon|machine)\.|^vm\.adopted$|^job\./, 'daemon'],
  [/^(createVm|startVm|deleteVm) /, 'host'],
  [/^(connectGuest|probeGuest|launchRunner|watchRunner|askGuest) /, 'guest'],
  [/^(obtainRunnerConfig|confirmOnline|recheckJob|askGitHub|deregisterRunner|removeRunner) /, 'github'],
];

/** The order of lanes from left to right. */
const ORDER = ['operator', 'github', 'webhooks', 'daemon', 'job', 'host', 'guest', 'breaker'];

/** @type {Record<string, string>} */
const NAMES = {
  operator: 'Operator',
  github: 'GitHub',
  webhooks: 'Webhooks',
  daemon: 'Daemon',
  guest: 'Guest',
  breaker: 'Breakers',
};

/** @type {{ entries: Entry[], around: Entry[], sequence: Sequence } | null} */
let last = null;

/** @param {Entry[]} entries of the job @param {Entry[]} around it @returns {Sequence} */
export function sequenceOf(entries, around) {
  // The page draws several times a second, and mostly nothing has changed.
  if (last?.entries === entries && last.around === around) return last.sequence;
  const all = [...entries, ...around].sort((a, b) => a.seq - b.seq);
  const steps = all.map(stepOf);
  const sequence = { lanes: lanesOf(steps), steps };
  last = { entries, around, sequence };
  return sequence;
}

/** @param {Entry} entry @returns {Step} */
function stepOf(entry) {
  const { seq, at } = entry;
  return { seq, at, sentence: sentenceOf(entry), ...endsOf(entry), mood: moodOfEntry(entry), entry };
}

/** @param {Entry} entry @returns {Pick<Step, 'from' | 'to'>} */
function endsOf(entry) {
  const { kind, actor, event, host, jobId } = entry;
  const own = jobLane(actor);
  const effect = effectOf(entry);
  if (effect) {
    const called = new Set(effect.calls.map((call) => laneOfCall(call)));
    return { from: own, to: called.size > 0 ? [...called] : [senderOf(`${event} done`, host) ?? own] };
  }
  if (kind === 'order') return { from: 'operator', to: [jobId > 0 ? own : hostLane(host)] };
  if (kind === 'host') return { from: hostLane(host), to: [] };
  if (kind === 'webhooks') {
    return event === 'delivery.accepted' ? { from: 'github', to: [kind] } : { from: kind, to: [] };
  }
  if (kind === 'breaker' || kind === 'daemon') return { from: kind, to: [] };
  const sender = kind === undefined ? senderOf(event, host) : null;
  return sender === null ? { from: own, to: [] } : { from: sender, to: [own] };
}

/** @param {string} event @param {string | null} host */
function senderOf(event, host) {
  const [, sender = null] = SENDERS.find(([pattern]) => pattern.test(event)) ?? [];
  return sender === 'host' ? hostLane(host) : sender;
}

/** @param {import('../../journal/story/entry-words.js').Call} call */
function laneOfCall({ system, host }) {
  return system === 'agent' ? hostLane(host) : system;
}

/** @param {string} actor */
const jobLane = (actor) => `job ${actor}`;
/** @param {string | null} host */
const hostLane = (host) => `host ${host ?? ''}`;

/** What happened, without identifiers of machines. @param {Entry} entry */
function sentenceOf(entry) {
  const { kind, event, from, to, detail, notYet, end } = entry;
  if (kind === 'webhooks') return `GitHub's webhooks are ${to}`;
  if (kind === 'breaker') return `The breaker for ${detail?.about} ${detail?.name} is ${to}`;
  const effect = effectOf(entry);
  if (effect) {
    const { calls, more, startedAt, endedAt, outcome } = effect;
    const took = `${counted(calls.length + more, 'call')} in ${span(endedAt - startedAt)}`;
    return `${effectWords(event)}: ${took}${outcome === 'abandoned' ? ', called off' : ''}`;
  }
  if (kind !== undefined) return lineOf(entry);
  const why = detail?.message ?? notYet;
  const said = `${eventWords(event)}${why ? `: ${why}` : ''}`;
  if (topState(from) === topState(to)) return said;
  const now = end ? `The job: ${outcomeWords(end)}.` : `State: ${topState(to)}.`;
  return `${said.replace(/\.$/, '')}. ${now}`;
}

/** @param {Entry} entry @returns {Step['mood']} */
function moodOfEntry({ kind, detail, event, to, end }) {
  const { code, outcome, failure } = detail ?? {};
  if (kind === 'effect') return outcome === 'done' || outcome === 'abandoned' ? 'idle' : 'warn';
  if (kind === 'host') return takesJobs(to) ? 'good' : failure ? 'bad' : 'warn';
  if (kind === 'breaker') return to === 'closed' ? 'good' : 'warn';
  if (kind === 'webhooks') return to === 'trusted' ? 'good' : 'idle';
  if (kind === 'quarantine') return 'bad';
  if (kind !== undefined) return 'idle';
  return code && !event.startsWith('operator.')
    ? 'bad'
    : moodOf({ state: to, context: {}, ...(end && { end }) });
}

/** @param {Step[]} steps @returns {Lane[]} */
function lanesOf(steps) {
  const ids = [...new Set(steps.flatMap(({ from, to }) => [from, ...to]))];
  const actors = ids.filter((id) => id.startsWith('job '));
  return ids
    .sort((a, b) => placeOf(a) - placeOf(b))
    .map((id) => ({ id, name: nameOf(id, actors), title: id }));
}

/** @param {string} lane */
const placeOf = (lane) => ORDER.indexOf(lane.split(' ')[0] ?? '');

/** @param {string} lane @param {string[]} actors the lanes of the job's own actors, in their order */
function nameOf(lane, actors) {
  const [kind = '', ...rest] = lane.split(' ');
  if (kind === 'job') return actors.length === 1 ? 'Job' : `Job, VM ${actors.indexOf(lane) + 1}`;
  return NAMES[kind] ?? `Host ${rest.join(' ')}`;
}
