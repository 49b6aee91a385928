// @ts-check
import { counted, span } from '../../format.js';
import { outcomeWords } from '../outcome.js';
import { holdEndWords } from '../words/hold-words.js';
import { orderWords } from '../words/order-words.js';

/**
 * What one entry of the journal says, in words.
 *
 * @typedef {import('../../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {import('../../call-trace.ts').OutgoingCall & { times: number }} Call one, or several equal ones in a row
 *
 * @typedef {object} EffectDetail how an effect ended
 * @property {number} startedAt epoch ms
 * @property {number} endedAt epoch ms
 * @property {string} outcome `done`, a failure's code, or `abandoned`
 * @property {Call[]} calls
 * @property {number} more calls that were not kept
 */

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

/** What happened, for each event that people know by a sentence. @type {Record<string, string>} */
const EVENTS = {
  'job.observed': 'GitHub queued the job',
  'job.released': 'The job went on without its last VM',
  'job.settled': 'GitHub says how the job ended',
  'slot.granted': 'It got a slot',
  'slot.reclaimed': 'Another job needed the slot of this VM',
  'job.started': 'GitHub says that the job runs on our runner',
  'job.completed': 'GitHub says that the job is over',
  'job.takenElsewhere': 'A runner that is not ours took the job',
  'job.exchanged': 'It exchanged VMs with another job',
  'job.stillQueued': 'GitHub still has the job queued',
  'job.unservable': 'The job cannot be served any more',
  'vm.vanished': 'Its VM is gone from the host',
  'vm.adopted': 'A VM without a record was found',
  'host.lost': 'Its host was silent for too long',
  'host.full': 'Another host has room',
  'host.drained': 'Its host is drained',
  'operator.cancelled': 'An operator cancelled it',
  'operator.retried': 'An operator ordered the next try',
  'hold.granted': 'Its VM may be held for a person',
  'hold.ended': 'The scheduler ended the hold of its VM',
  'operator.held': 'An operator wants its VM held if it fails',
  'operator.released': 'An operator released its VM',
  'operator.forgot': 'An operator ended the record',
  'daemon.restarted': 'The daemon started again',
  'machine.failed': 'Its state machine failed',
};

/** What each effect does, as the subject of a sentence. @type {Record<string, string>} */
const EFFECTS = {
  createVm: 'Creating the VM',
  startVm: 'Starting the VM',
  connectGuest: 'Connecting to the guest',
  probeGuest: 'Checking the guest',
  obtainRunnerConfig: 'Registering the runner',
  launchRunner: 'Starting the runner',
  confirmOnline: 'Waiting for the runner at GitHub',
  watchRunner: 'Watching the runner',
  recheckJob: 'Asking GitHub for the job',
  askGitHub: 'Asking GitHub for job and runner',
  askGuest: 'Asking the guest for a job',
  deregisterRunner: 'Removing the runner from GitHub',
  removeRunner: 'Removing the runner from GitHub',
  openVm: 'Opening the VM for a person',
  deleteVm: 'Deleting the VM',
};

/** What an event is in words; its own name where it has none. @param {string} event */
export function eventWords(event) {
  const known = EVENTS[event];
  if (known) return known;
  const [, effect = '', how] = /^(\w+) (done|failed)$/.exec(event) ?? [];
  const doing = EFFECTS[effect];
  if (doing) return `${doing} ${how === 'done' ? 'succeeded' : 'failed'}`;
  return waitWords(effect, how) ?? event;
}

/** The end of a wait or a deadline of a machine. @param {string} name @param {string | undefined} how */
function waitWords(name, how) {
  if (how !== 'done') return null;
  if (/[Dd]eadline$|^lifetime$/.test(name)) return 'Its time was over';
  return /[Ww]ait$|Window$/.test(name) ? 'The pause was over' : null;
}

/** What an effect is called in words. @param {string} effect */
export const effectWords = (effect) => EFFECTS[effect] ?? effect;

/** Returns the start of a daemon, or a take-over by one of several, in words. @param {{ controller?: unknown, before?: unknown, epoch?: unknown }} facts */
export function startWords({ controller, before, epoch }) {
  if (!controller) return 'The daemon started';
  return `${controller} is the active controller${before ? ` after ${before}` : ''} (epoch ${epoch})`;
}

/** One line for an entry. @param {Entry} entry */
export function lineOf(entry) {
  const { kind, event, from, to, detail, host } = entry;
  const facts = detail ?? {};
  const effect = effectOf(entry);
  if (effect) {
    const calls = effect.calls.length + effect.more;
    const took = `${span(effect.endedAt - effect.startedAt)}, ${counted(calls, 'call')}`;
    return `${effectWords(event)} ${effectEnd(effect)} (${took})`;
  }
  if (kind === 'order') return `${facts.by} ordered: ${orderWords(entry)}`;
  if (kind === 'handover')
    return facts.jobId ? `Its VM went on with job ${facts.jobId}` : 'The job went on without this VM';
  if (kind === 'host') return hostLine(entry);
  if (kind === 'quarantine')
    return `Its state machine failed, and its record went to quarantine: ${facts.reason}`;
  if (kind === 'daemon') return startWords(facts);
  if (kind !== undefined) return `${host ?? entry.actor}: ${from && from !== to ? `${from} → ${to}` : to}`;
  const why = facts.code ? ` — ${facts.code}: ${facts.message}` : entry.notYet ? ` — ${entry.notYet}` : '';
  const end = entry.end ? `: ${outcomeWords(entry.end)}` : '';
  const held = holdEndWords(entry.changed?.hold);
  return `${eventWords(event)}: ${from || 'new'} → ${to}${end}${why}${held ? `. ${held}` : ''}`;
}

/** @param {EffectDetail} effect */
function effectEnd({ outcome }) {
  if (outcome === 'done') return 'succeeded';
  return outcome === 'abandoned' ? 'was stopped' : `failed with ${outcome}`;
}

/** @param {Entry} entry */
function hostLine({ host, from, to, detail }) {
  const change = from && from !== to ? `${from} → ${to}` : to;
  return `Host ${host}: ${change}${detail?.failure ? `: ${detail.failure}` : ''}`;
}

/** One line for a call of an effect. @param {Call} call */
export function callLine({ system, host, method, route, status, ms, times }) {
  const answer = status === null ? 'no answer' : system === 'guest' ? `exit ${status}` : status;
  const often = times > 1 ? ` (${times} times)` : '';
  return `${system}${host ? ` ${host}` : ''} ${method} ${route} → ${answer} in ${span(ms)}${often}`;
}
