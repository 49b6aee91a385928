// @ts-check
import { clock, span } from '../format.js';
import { holdsItsJob, topState } from './overview.js';
import { lifetimeWarning, troubleOf } from './trouble.js';

/**
 * What a job's journal says, in words: the page and `jeballto-runner explain` tell the same story with this.
 *
 * @typedef {import('../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {import('../../machines/failure.ts').Failure} Failure
 * @typedef {import('../call-trace.ts').OutgoingCall & { times: number }} Call one, or several equal ones in a row
 *
 * @typedef {object} EffectDetail how an effect ended
 * @property {number} startedAt epoch ms
 * @property {number} endedAt epoch ms
 * @property {string} outcome `done`, a failure's code, or `abandoned`
 * @property {Call[]} calls
 * @property {number} more calls that were not kept
 *
 * @typedef {object} Phase a stay in one top state
 * @property {string} state
 * @property {string} actor
 * @property {number} attempt
 * @property {number} from epoch ms
 * @property {number | null} to epoch ms; null while it lasts
 * @property {number} failures
 *
 * @typedef {object} Verdict
 * @property {'failed' | 'done' | 'working' | 'waiting' | 'unknown'} mood
 * @property {string} headline one sentence: its state, or how it ended
 * @property {string} cause why, with the code; empty when nothing went wrong
 * @property {string} act who has to act; empty when nobody
 * @property {string} next what happens next, with its instant where one is known
 */

const ACTORS = {
  us: 'the makers of this daemon: report it with the evidence file',
  host: 'whoever runs the Mac and its agent',
  image: 'whoever makes the image',
  github: 'nobody here: GitHub has to recover; look at its status page',
  job: 'the author of the job',
  operator: 'the operator of this daemon',
};

/** Who has to act, for a failure's blame. @param {string | undefined} blame */
function whoActs(blame) {
  return blame !== undefined && blame in ACTORS ? ACTORS[/** @type {keyof typeof ACTORS} */ (blame)] : '';
}

/** The stays in top states, in their order. @param {Entry[]} entries @returns {Phase[]} */
export function phasesOf(entries) {
  /** @type {Phase[]} */
  const phases = [];
  for (const { kind, actor, at, attempt, to, from, detail } of entries) {
    if (kind !== undefined) continue;
    const open = phases.findLast((phase) => phase.actor === actor && phase.to === null);
    const state = topState(to);
    if (open && detail && topState(from) === open.state) open.failures += 1;
    if (open?.state === state) continue;
    if (open) open.to = at;
    const isEnd = state === 'done' || state === 'failed';
    phases.push({ state, actor, attempt, from: at, to: isEnd ? at : null, failures: 0 });
  }
  return phases;
}

/**
 * The parts of the context after some entries, for the actor of the last entry. An actor whose job went on in
 * another one does not count, however long its teardown lasts.
 * @param {Entry[]} entries
 */
export function contextOf(entries) {
  /** @type {Map<string, Partial<import('../../machines/job/context.ts').JobContext>>} */
  const contexts = new Map();
  for (const { kind, actor, from, changed } of entries) {
    // A job that is served again may get an actor of the same name.
    if (kind === undefined) contexts.set(actor, { ...(from === '' ? {} : contexts.get(actor)), ...changed });
  }
  const ofActors = entries.filter(({ kind }) => kind === undefined);
  const holds = (/** @type {Entry} */ { actor, jobId }) =>
    holdsItsJob({ jobId, context: contexts.get(actor) ?? {} });
  const last = ofActors.findLast(holds) ?? ofActors.at(-1);
  return { context: contexts.get(last?.actor ?? '') ?? {}, last };
}

/**
 * The state of a job after some entries of its journal, in words. @param {Entry[]} entries @param {number} now epoch ms
 * @returns {Verdict}
 */
export function verdictOf(entries, now) {
  const { context, last } = contextOf(entries);
  if (!last)
    return {
      mood: 'unknown',
      headline: 'The journal says nothing of this job.',
      cause: '',
      act: '',
      next: '',
    };
  const { failure, phase, vm, job } = context;
  const state = topState(last.to);
  if (last.to === 'failed') {
    const headline = `Failed after ${job?.attempt ?? last.attempt} attempts: the job was not served.`;
    const next = 'Nothing by itself: fix the cause, then "serve again" or run the job again at GitHub.';
    return { mood: 'failed', headline, cause: said(failure), act: whoActs(failure?.blame), next };
  }
  if (last.to === 'done') {
    const headline = endOf(job);
    return { mood: 'done', headline, cause: '', act: '', next: 'Nothing: VM and runner are removed.' };
  }
  const where = vm ? ` VM ${vm.name} on ${vm.host}.` : ' It has no VM.';
  const trouble = troubleOf({ state: last.to, context });
  const isPaused = /\b(waiting|blocked)\b/.test(last.to);
  const nextTry =
    isPaused && phase
      ? `Try ${phase.tries + 1} at ${clock(phase.nextTryAt)} (${until(phase.nextTryAt, now)}).`
      : '';
  const ends = lifetimeWarning({ state: last.to, context }, now);
  const next = [nextTry || doing(last.to, vm?.name), ends].filter(Boolean).join(' ');
  return {
    mood: isPaused || state === 'queued' ? 'waiting' : 'working',
    headline: `Now ${last.to.split(', ').map(lastPart).join(' and ')}, since ${clock(last.at)}.${where}`,
    cause: said(trouble),
    act: trouble ? whoActs(trouble.blame) : '',
    next,
  };
}

/** The effect in an entry; null for every other entry. @param {Entry} entry @returns {EffectDetail | null} */
export function effectOf({ kind, detail }) {
  if (kind !== 'effect') return null;
  const {
    startedAt = 0,
    endedAt = 0,
    outcome = '',
    calls = [],
    more = 0,
  } = /** @type {Partial<EffectDetail>} */ (detail ?? {});
  return { startedAt, endedAt, outcome, calls, more };
}

/** One line for an entry. @param {Entry} entry */
export function lineOf(entry) {
  const { kind, event, from, to, detail, host } = entry;
  const facts = detail ?? {};
  const effect = effectOf(entry);
  if (effect) {
    const calls = effect.calls.length + effect.more;
    const ms = effect.endedAt - effect.startedAt;
    return `${event}: ${effect.outcome} in ${span(ms)}, ${calls} ${calls === 1 ? 'call' : 'calls'}`;
  }
  if (kind === 'order') return `${event} by ${facts.by}`;
  if (kind === 'host')
    return `host ${host}: ${from && from !== to ? `${from} → ${to}` : to}${facts.failure ? `: ${facts.failure}` : ''}`;
  if (kind === 'quarantine') return `its state machine failed, and its record was put aside: ${facts.reason}`;
  if (kind === 'daemon') return 'the daemon started';
  const why = facts.code ? ` — ${facts.code}: ${facts.message}` : entry.notYet ? ` — ${entry.notYet}` : '';
  return `${event}: ${from || 'new'} → ${to}${why}`;
}

/** One line for a call of an effect. @param {Call} call */
export function callLine({ system, host, method, route, status, ms, times }) {
  const answer = status === null ? 'no answer' : system === 'guest' ? `exit ${status}` : status;
  const often = times > 1 ? ` (${times} times)` : '';
  return `${system}${host ? ` ${host}` : ''} ${method} ${route} → ${answer} in ${span(ms)}${often}`;
}

/** @param {Failure | null | undefined} failure */
function said(failure) {
  return failure ? `${failure.code}: ${failure.message}` : '';
}

/** @param {import('../../machines/job/context.ts').Job | undefined} job */
function endOf(job) {
  if (job?.status !== 'completed') return 'Over here: another runner took the job.';
  return `Over: GitHub says "${job.conclusion ?? 'completed'}".`;
}

/** @param {string} path */
function lastPart(path) {
  return path.split('.').join(' › ');
}

/** @param {number} at @param {number} now */
function until(at, now) {
  return at > now ? `in ${span(at - now)}` : 'due';
}

/**
 * What happens in a state that does not wait for anything. @param {string} path @param {string | undefined}
 * vm
 */
function doing(path, vm) {
  const state = topState(path);
  const name = vm ?? 'the VM';
  /** @type {Record<string, string>} */
  const sentences = {
    queued: 'It gets a VM as soon as a slot is free.',
    creating: `${name} is being made from its image.`,
    starting: `${name} is being powered on.`,
    sshReady: `${name} boots; its SSH is waited for.`,
    probing: `${name} is asked for the runner and its tools.`,
    jitConfig: 'GitHub is asked for a runner configuration.',
    runnerOnline: 'The runner is started and waited for at GitHub.',
    running: path.includes('busy') ? `The job runs in ${name}.` : `The runner in ${name} is being watched.`,
    tearingDown: `${name} and its runner are being removed.`,
  };
  return sentences[state] ?? '';
}
