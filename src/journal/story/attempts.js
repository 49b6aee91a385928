// @ts-check
import { outcomeWords } from '../outcome.js';
import { holdsItsJob, topState } from '../overview.js';
import { contextAfter } from './contexts.js';

/**
 * The story of a job by its attempts: each is the life of one VM for the job, with the wait before it. The job
 * moves between actors (a release, an exchange), so its phases are followed by job and not by actor.
 *
 * @typedef {import('../../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {import('../../../machines/job/context.ts').JobContext} JobContext
 * @typedef {Partial<JobContext>} Context
 *
 * @typedef {object} Phase a stay in one top state
 * @property {string} state
 * @property {string} actor
 * @property {number} from epoch ms
 * @property {number | null} to epoch ms; null while it lasts
 * @property {number} failures
 *
 * @typedef {object} Attempt
 * @property {number} number
 * @property {{ name: string, host: string, madeFor: number } | null} vm null before it gets one; `madeFor` is a job's id
 * @property {Phase[]} phases
 * @property {string} end how it ended for the job; empty while it lasts
 */

/** Returns the attempts of a job, in their order. @param {Entry[]} entries of this job @returns {Attempt[]} */
export function attemptsOf(entries) {
  const told = new AttemptTeller();
  for (const entry of entries) told.add(entry);
  return told.attempts;
}

/** The attempts of a job, entry by entry. */
export class AttemptTeller {
  /** @type {Attempt[]} */
  attempts = [];
  /** @type {import('./contexts.js').Contexts} */
  #contexts = new Map();
  /** Index of the first attempt since the job was first seen, or served again after its end. */
  #first = 0;
  /** Who has the job, and in which attempt. @type {{ actor: string, attempt: Attempt } | null} */
  #holder = null;

  /** @param {Entry} entry of this job, the next one */
  add(entry) {
    if (entry.kind === 'quarantine')
      this.#leave(entry, 'Its state machine failed, which is a fault of this daemon.');
    if (entry.kind === 'handover') this.#leave(entry, handoverWords(entry));
    if (entry.kind !== undefined) return;
    const context = contextAfter(this.#contexts, entry);
    const holds = holdsItsJob({ jobId: entry.jobId, context });
    // A job that is served again, or whose record was lost, is counted from its first attempt again.
    // An end that GitHub told late counts the VMs, and the job may have waited for one more.
    const number = entry.event === 'job.settled' ? Math.max(entry.attempt, this.#last) : entry.attempt;
    const isAgain = entry.event === 'job.observed' || (holds && number < this.#last);
    if (isAgain) this.#first = this.attempts.length;
    const attempt = (holds ? null : this.#attemptWith(context.vm)) ?? this.#attempt(number);
    if (context.vm) {
      const { name, host, madeFor } = context.vm;
      attempt.vm = { name, host, madeFor: madeFor?.jobId ?? entry.jobId };
    }
    if (holds) this.#heldBy(entry, attempt, context);
    else if (this.#holder?.actor === entry.actor) this.#holder = null;
    for (const other of this.attempts) if (other !== attempt) closeAll(other, entry.at, entry.actor);
    this.#enter(entry, attempt);
    if (entry.end) attempt.end = endWords(entry.end);
  }

  /** The number of the last attempt. */
  get #last() {
    return this.attempts.slice(this.#first).at(-1)?.number ?? 0;
  }

  /**
   * Returns the attempt that had a VM, also one from before the job was served again: the VM may have gone to another
   * job since. @param {Context['vm']} vm
   */
  #attemptWith(vm) {
    return vm ? this.attempts.findLast((attempt) => attempt.vm?.name === vm.name) : undefined;
  }

  /** @param {number} number */
  #attempt(number) {
    const known = this.attempts.slice(this.#first).find((attempt) => attempt.number === number);
    if (known) return known;
    /** @type {Attempt} */
    const attempt = { number, vm: null, phases: [], end: '' };
    this.attempts.push(attempt);
    return attempt;
  }

  /** The job is with this actor now: what the one before it did for the job is over. @param {Entry} entry @param {Attempt} attempt @param {Partial<JobContext>} context */
  #heldBy({ actor, at, event }, attempt, context) {
    const before = this.#holder;
    if (before && before.actor !== actor) {
      closeAll(before.attempt, at, before.actor);
      before.attempt.end ||= 'Its VM went to another job, in an exchange.';
    }
    const last = this.attempts.at(-2);
    if (event === 'job.released' && last && last !== attempt && last.end === '') {
      const failure = context.failure ?? null;
      last.end = failure
        ? `${failure.code}: ${failure.message}`
        : 'Nothing failed: the job went on without its VM.';
    }
    this.#holder = { actor, attempt };
  }

  /** @param {Entry} entry @param {Attempt} attempt */
  #enter({ actor, at, from, to, detail }, attempt) {
    const open = attempt.phases.findLast((phase) => phase.to === null);
    const state = topState(to);
    const isEnd = state === 'done' || state === 'failed';
    if (open && detail && !isEnd && open.actor === actor && topState(from) === open.state) open.failures += 1;
    if (open?.actor === actor && open.state === state) return;
    if (open) close(open, at);
    if (isEnd) return;
    attempt.phases.push({ state, actor, from: at, to: null, failures: 0 });
  }

  /** The actor does nothing for this job any more. @param {Entry} entry @param {string} why empty when a later entry says it */
  #leave({ actor, at }, why) {
    for (const attempt of this.attempts) closeAll(attempt, at, actor);
    if (this.#holder?.actor !== actor) return;
    this.#holder.attempt.end ||= why;
    this.#holder = null;
  }
}

/** No phase ends before it began, even if the clock was set back in it. @param {Phase} phase @param {number} at epoch ms */
function close(phase, at) {
  phase.to = Math.max(at, phase.from);
}

/** @param {Attempt} attempt @param {number} at epoch ms @param {string} actor */
function closeAll({ phases }, at, actor) {
  for (const phase of phases) if (phase.to === null && phase.actor === actor) close(phase, at);
}

/** @param {Entry} entry */
const handoverWords = ({ detail }) =>
  detail?.jobId ? `Its VM went to job ${detail.jobId}, in an exchange.` : '';

/** @param {NonNullable<Entry['end']>} end */
function endWords(end) {
  const words = outcomeWords(end);
  const cause = end.cause ? ` ${end.cause.code}: ${end.cause.message}` : '';
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.${cause}`;
}
