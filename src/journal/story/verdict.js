// @ts-check
import { clock, counted, span } from '../../format.js';
import { endOfSeen, outcomeWords } from '../outcome.js';
import { topState } from '../overview.js';
import { lifetimeWarning, troubleOf } from '../trouble.js';
import { holdWords } from '../words/hold-words.js';
import { contextOf } from './contexts.js';
import { doingOf } from './doing.js';
import { waitsOf } from './waits.js';
import { whoActs } from './who-acts.js';

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
 * @property {string} frees what would end the wait of a job that waits for a VM; empty for every other job
 * @property {string} next what happens next, with its instant where one is known
 * @property {string[]} waits what else ends by the clock, each as a sentence with its instant
 */

/**
 * Why a job waits for a VM.
 * @typedef {object} Wait
 * @property {keyof typeof NEXT} why
 * @property {string} sentence
 * @property {string} frees what would let it go on
 * @property {number | null} position its place in the queue, from 1; null when it waits for something else
 * @property {number | null} until epoch ms at which the reason ends by itself; null when that is not known
 */

/**
 * What only the daemon knows of a job now, and not the journal.
 * @typedef {object} Present
 * @property {Wait | null} waiting null where it does not wait for a VM
 * @property {Pick<JobContext, 'hold' | 'vm'> | null} [held] the VM that is kept for a person; null without one
 * @property {string | null} [hostTrouble] a sentence; null where the host of its VM responds
 */

/**
 * The state of a job after some entries of its journal, in words. `present` is left out for a moment of the past.
 * @param {Entry[]} entries @param {number} now epoch ms @param {Present | null} [present]
 * @returns {Verdict}
 */
export function verdictOf(entries, now, present = null) {
  return verdictOn(contextOf(entries), now, present);
}

/**
 * The state of a job in words, from the actor that holds it. @param {ReturnType<typeof contextOf>} holder
 * @param {number} now epoch ms @param {Present | null} [present] @returns {Verdict}
 */
export function verdictOn({ context, last, since, held }, now, present = null) {
  if (!last) return unknownVerdict(present?.waiting ?? null, now);
  const { hold, vm } = present?.held ?? held ?? {};
  const kept = hold ? holdWords(hold, vm, now) : '';
  const isOver = last.to === 'done' || last.to === 'failed';
  const live = isOver ? null : withNext(liveVerdict({ ...last, at: since }, context, now, present), kept);
  if (live && !last.end) return live;
  const end = endVerdict(last, context);
  // The job is over, and its VM is still being removed.
  const next = live && [end.next, live.cause, live.next].filter(Boolean).join(' ');
  return live ? { ...end, next: next ?? '', waits: live.waits } : end;
}

/** A VM that is held may be of an earlier attempt. @param {Verdict} verdict @param {string} kept @returns {Verdict} */
const withNext = (verdict, kept) => ({ ...verdict, next: [verdict.next, kept].filter(Boolean).join(' ') });

/** A job without entries: one that this daemon does not serve, with the reason. @param {Present['waiting']} waiting @param {number} now epoch ms @returns {Verdict} */
function unknownVerdict(waiting, now) {
  const told = {
    mood: /** @type {const} */ ('unknown'),
    outcome: /** @type {const} */ ('unknown'),
    act: '',
    waits: [],
  };
  if (waiting === null)
    return { ...told, headline: 'The journal does not mention this job.', cause: '', frees: '', next: '' };
  const { sentence, frees } = waiting;
  const headline = 'This daemon does not serve it.';
  return { ...told, headline, cause: sentence, frees, next: nextOfWaiting(waiting, now) };
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
  const isGivenUp = state === 'failed' && outcome === 'notOurs' && cause !== null;
  const how = isGivenUp ? 'given up' : words;
  const headline = `${how.charAt(0).toUpperCase()}${how.slice(1)}.${said}${ran}${tried}`;
  const isBad = outcome === 'lost' || outcome === 'failed';
  return {
    mood: outcome === 'lost' ? 'lost' : outcome === 'failed' ? 'failed' : 'done',
    outcome,
    headline,
    cause: sentenceOf(cause),
    act: isBad || (cause && outcome !== 'cancelled') ? whoActs(blame) : '',
    frees: '',
    next: nextOfEnd(told, state),
    waits: [],
  };
}

/** Whether the job ran on another runner than that of its VM. @param {JobContext['job'] | undefined} job @param {JobContext['vm'] | undefined} vm */
const ranElsewhere = (job, vm) => (job?.takenBy ? job.takenBy.runner !== vm?.name : false);

/** @param {import('../outcome.js').TellableEnd} end @param {string} state */
function nextOfEnd({ outcome, cause }, state) {
  const removed = state === 'done' ? ' VM and runner are removed.' : '';
  if (outcome === 'lost') return `It is not run again by itself: run it again at GitHub.${removed}`;
  if (cause?.code === 'OPERATOR_FORGOT')
    return 'The collector removes what is left of its VM and runner; the job itself goes on at GitHub.';
  if (state === 'failed')
    return 'It is not served again by itself: remove the cause, then order "serve again", or run the job again at GitHub.';
  if (outcome === 'notOurs') return 'Nothing: another runner has it.';
  return removed ? `Nothing.${removed}` : '';
}

/** @param {Entry} last @param {Partial<JobContext>} context @param {number} now epoch ms @param {Present | null} present @returns {Verdict} */
function liveVerdict({ to: path, at }, context, now, present) {
  const { vm } = context;
  const isQueued = topState(path) === 'queued';
  const trouble = troubleOf({ state: path, context });
  const doing = doingOf(path, vm?.name);
  const told = {
    mood:
      isQueued || /\b(waiting|blocked)\b/.test(path)
        ? /** @type {const} */ ('waiting')
        : /** @type {const} */ ('working'),
    outcome: isQueued ? /** @type {const} */ ('waiting') : /** @type {const} */ ('underWay'),
    headline: `${doing.now}, since ${clock(at)}.${whereOf(path, vm)}`,
  };
  const waiting = isQueued ? (present?.waiting ?? null) : null;
  // Who ends the wait may be another one than who is to blame for the last attempt; its pause alone fixes nothing.
  if (waiting) {
    const { sentence, frees } = waiting;
    return {
      ...told,
      cause: withTrouble(sentence, trouble),
      act: waiting.why === 'paused' && trouble ? whoActs(trouble.blame) : '',
      frees,
      next: nextOfWaiting(waiting, now),
      waits: [],
    };
  }
  const waits = waitsOf({ state: path, context });
  const nextTry = waits.find(({ kind }) => kind === 'try');
  const ends = lifetimeWarning({ state: path, context }, now);
  const silence = present?.hostTrouble ?? '';
  return {
    ...told,
    cause: [sentenceOf(trouble), silence].filter(Boolean).join(' '),
    act: trouble ? whoActs(trouble.blame) : silence ? whoActs('host') : '',
    frees: '',
    next: [nextTry ? whenWords(nextTry, now) : doing.next, ends].filter(Boolean).join(' '),
    waits: waits.filter((wait) => wait !== nextTry).map((wait) => whenWords(wait, now)),
  };
}

/** Why a job waits, and why its last attempt failed where that does not say it already. @param {string} sentence @param {Failure | null} trouble */
export function withTrouble(sentence, trouble) {
  if (!trouble || sentence.includes(trouble.message)) return sentence;
  const [what = '', answer] = trouble.message.split(' Last answer: ');
  const message = answer && sentence.includes(answer) ? what : trouble.message;
  return `${sentence} Its last attempt: ${sentenceOf({ ...trouble, message })}`;
}

/**
 * What happens next to a job that waits for a VM.
 * @param {Wait} waiting @param {number} now epoch ms
 */
function nextOfWaiting({ why, until, position }, now) {
  if (until !== null) return whenWords({ kind: 'try', what: 'It may get a VM', at: until }, now);
  if (why === 'noSlot' && position !== null && position > 1)
    return `Its turn comes after ${counted(position - 1, 'other job')}.`;
  return NEXT[why];
}

/** What comes after each reason to wait. */
const NEXT = {
  paused: 'It may get a VM now.',
  heldBack: 'It may get a VM when that attempt has worked.',
  pulling: 'It gets a VM when the image is there.',
  tooOld: 'Nothing here.',
  draining: 'The next start of the daemon goes on with it.',
  unhealthy: 'It gets a VM when a host takes jobs.',
  cordoned: 'It gets a VM when a host takes jobs.',
  proving: 'It gets a VM when the host has proved that it works, or when another slot is free.',
  noSlot: 'It gets the next slot that is free.',
  next: 'It gets the slot in a moment.',
  noLabel: 'Nothing here, until a label of the config matches it.',
  approval: 'GitHub queues it when it is approved.',
};

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
