// @ts-check
import { clock, counted, span } from '../../format.js';
import { endOfSeen, outcomeWords } from '../outcome.js';
import { topState } from '../overview.js';
import { lifetimeWarning, troubleOf } from '../trouble.js';
import { contextOf } from './contexts.js';
import { waitsOf } from './waits.js';

/**
 * The state of a job, or its end, in a few sentences: the page and `jeballto-runner explain` say the same with this.
 *
 * @typedef {import('../../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {import('../../../machines/failure.ts').Failure} Failure
 * @typedef {import('../../../machines/job/context.ts').JobContext} JobContext
 *
 * @typedef {object} Verdict
 * @property {'lost' | 'failed' | 'done' | 'working' | 'waiting' | 'unknown'} mood
 * @property {import('../outcome.js').Outcome} outcome
 * @property {string} headline one sentence: its state, or how it ended
 * @property {string} cause why, with the code; empty when nothing went wrong
 * @property {string} act who has to act; empty when nobody
 * @property {string} next what happens next, with its instant where one is known
 */

const ACTORS = {
  us: 'the makers of this daemon: report it with the evidence file',
  host: 'the operator of the Mac and its agent',
  image: 'the maker of the image',
  github: 'nobody here: GitHub has to recover; look at its status page',
  job: 'the author of the job',
  operator: 'the operator of this daemon',
};

/** Who has to act, for a failure's blame. @param {string | null | undefined} blame */
function whoActs(blame) {
  return blame && blame in ACTORS ? ACTORS[/** @type {keyof typeof ACTORS} */ (blame)] : '';
}

/**
 * The state of a job after some entries of its journal, in words. @param {Entry[]} entries @param {number} now epoch ms
 * @returns {Verdict}
 */
export function verdictOf(entries, now) {
  return verdictOn(contextOf(entries), now);
}

/**
 * The state of a job in words, from the actor that holds it. @param {ReturnType<typeof contextOf>} holder
 * @param {number} now epoch ms @returns {Verdict}
 */
export function verdictOn({ context, last }, now) {
  if (!last) {
    const headline = 'The journal does not mention this job.';
    return { mood: 'unknown', outcome: 'unknown', headline, cause: '', act: '', next: '' };
  }
  const isOver = last.to === 'done' || last.to === 'failed';
  const live = isOver ? null : liveVerdict(last, context, now);
  if (live && !last.end) return live;
  const end = endVerdict(last, context);
  // The job is over, and its VM is still being removed.
  return live ? { ...end, next: [end.next, live.cause, live.next].filter(Boolean).join(' ') } : end;
}

/** @param {Entry} last @param {Partial<JobContext>} context @returns {Verdict} */
function endVerdict({ to: state, end, attempt }, context) {
  const { job, vm } = context;
  const told = endOfSeen({ state, context, ...(end && { end }) });
  const { outcome, blame, cause } = told;
  const words = outcomeWords(told);
  const attempts = job?.attempt ?? attempt;
  const said = job?.conclusion ? ` GitHub says "${job.conclusion}".` : '';
  const tried = attempts > 1 ? ` It had ${counted(attempts, 'attempt')}.` : '';
  const ran = ranElsewhere(job, vm) ? ` It ran on the runner ${job?.takenBy?.runner}.` : '';
  const headline = `${words.charAt(0).toUpperCase()}${words.slice(1)}.${said}${ran}${tried}`;
  const isBad = outcome === 'lost' || outcome === 'failed';
  return {
    mood: outcome === 'lost' ? 'lost' : outcome === 'failed' ? 'failed' : 'done',
    outcome,
    headline,
    cause: sentenceOf(cause),
    act: isBad || (cause && outcome !== 'cancelled') ? whoActs(blame) : '',
    next: nextOfEnd(told, state),
  };
}

/** Whether the job ran on another runner than that of its VM. @param {JobContext['job'] | undefined} job @param {JobContext['vm'] | undefined} vm */
const ranElsewhere = (job, vm) => (job?.takenBy ? job.takenBy.runner !== vm?.name : false);

/** @param {import('../outcome.js').TellableEnd} end @param {string} state */
function nextOfEnd({ outcome, cause }, state) {
  const removed = state === 'done' ? ' VM and runner are removed.' : '';
  if (outcome === 'lost') return `Nothing by itself: run the job again at GitHub.${removed}`;
  if (cause?.code === 'OPERATOR_FORGOT')
    return 'The collector removes what is left of its VM and runner; the job itself goes on at GitHub.';
  if (state === 'failed')
    return 'Nothing by itself: remove the cause, then "serve again", or run the job again at GitHub.';
  if (outcome === 'notOurs') return 'Nothing: another runner has it.';
  return removed ? `Nothing.${removed}` : '';
}

/** @param {Entry} last @param {Partial<JobContext>} context @param {number} now epoch ms @returns {Verdict} */
function liveVerdict({ to: path, at }, context, now) {
  const { vm } = context;
  const state = topState(path);
  const trouble = troubleOf({ state: path, context });
  const isPaused = /\b(waiting|blocked)\b/.test(path);
  const waits = waitsOf({ state: path, context });
  const tries = waits.filter(({ kind }) => kind === 'try');
  const nextTry = tries[0] ? whenWords(tries[0], now) : '';
  const ends = lifetimeWarning({ state: path, context }, now);
  return {
    mood: isPaused || state === 'queued' ? 'waiting' : 'working',
    outcome: state === 'queued' ? 'waiting' : 'underWay',
    headline: `Now ${path.split(', ').map(lastPart).join(' and ')}, since ${clock(at)}.${whereOf(path, vm)}`,
    cause: sentenceOf(trouble),
    act: trouble ? whoActs(trouble.blame) : '',
    next: [nextTry || doing(path, vm?.name), ends].filter(Boolean).join(' '),
  };
}

/** When a wait ends, as a sentence; what is due is never told with an instant of the past. @param {import('./waits.js').PendingWait} wait @param {number} now epoch ms */
export function whenWords({ what, at }, now) {
  return at > now ? `${what} at ${clock(at)} (in ${span(at - now)}).` : `${what} now.`;
}

/** A VM that is not made yet is not named as if it were there. @param {string} path @param {JobContext['vm'] | undefined} vm */
function whereOf(path, vm) {
  if (!vm) return ' It has no VM.';
  if (topState(path) === 'creating' && vm.id === null) return ` A slot on ${vm.host} is held for it.`;
  return ` VM ${vm.name} on ${vm.host}.`;
}

/** @param {Failure | null | undefined} failure */
function sentenceOf(failure) {
  return failure ? `${failure.code}: ${failure.message}` : '';
}

/** @param {string} path */
function lastPart(path) {
  return path.split('.').join(' › ');
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
    creating: `The VM ${name} is being made from its image.`,
    starting: `${name} is being powered on.`,
    sshReady: `${name} boots; the daemon waits for its SSH.`,
    probing: `The daemon checks that ${name} has the runner and its tools.`,
    jitConfig: 'GitHub is asked for a runner configuration.',
    runnerOnline: 'The runner is started; the daemon waits until GitHub sees it.',
    running: path.includes('busy') ? `The job runs in ${name}.` : `The daemon watches the runner in ${name}.`,
    tearingDown: `${name} and its runner are being removed.`,
  };
  return sentences[state] ?? '';
}
