// @ts-check

import { holdsItsJob } from '../overview.js';
import { isHeld } from '../words/hold-words.js';
import { doingOf } from './doing.js';

/**
 * Contexts of a job's actors, computed from the entries of its journal, each of which has what changed.
 *
 * @typedef {import('../../store/tables/journal.ts').StoredJournalEntry} Entry
 * @typedef {Partial<import('../../../machines/job/context.ts').JobContext>} Context the parts that an entry had
 * @typedef {Map<string, Context>} Contexts by actor
 */

/** Adds what one transition of an actor changed, and returns its context. @param {Contexts} contexts @param {Entry} entry */
export function contextAfter(contexts, { actor, from, changed }) {
  // A job that is served again may get an actor of the same name.
  const context = { ...(from === '' ? {} : contexts.get(actor)), ...changed };
  contexts.set(actor, context);
  return context;
}

/** The contexts of a job's actors, entry by entry. */
export class JobContexts {
  /** @type {Contexts} */
  #contexts = new Map();
  /** Actors that went on with another job. @type {Set<string>} */
  #gone = new Set();
  /** The last entry of each actor; who had the last one of all stands last. @type {Map<string, Entry>} */
  #lasts = new Map();
  /** By actor, epoch ms since which it does what it does now; tries and pauses within that do not count. @type {Map<string, number>} */
  #since = new Map();

  /** @param {Entry} entry of this job, the next one */
  add(entry) {
    const { actor, kind, from, to, at } = entry;
    if (kind === 'handover') this.#gone.add(actor);
    if (kind !== undefined) return;
    this.#gone.delete(actor);
    contextAfter(this.#contexts, entry);
    const before = from === '' ? undefined : this.#lasts.get(actor);
    if (!before || doingOf(before.to).now !== doingOf(to).now) this.#since.set(actor, at);
    this.#lasts.delete(actor);
    this.#lasts.set(actor, entry);
  }

  /**
   * Returns the last entry and the context of the actor that holds the job, and since when (epoch ms) it does what it
   * does now. An actor whose job went on in another
   * one does not count, however long its teardown lasts.
   */
  get ofHolder() {
    const lasts = [...this.#lasts.values()];
    const last = lasts.findLast((entry) => this.#holds(entry)) ?? lasts.at(-1);
    const actor = last?.actor ?? '';
    return {
      context: this.#contexts.get(actor) ?? {},
      last,
      since: this.#since.get(actor) ?? 0,
      held: this.#held,
    };
  }

  /** The context of the actor that keeps a VM of the job for a person; null when none does. */
  get #held() {
    const isFor = (/** @type {Entry} */ { actor, jobId, to }) =>
      isHeld(to) && this.#contexts.get(actor)?.hold?.jobId === jobId;
    const last = [...this.#lasts.values()].findLast(isFor);
    return (last && this.#contexts.get(last.actor)) ?? null;
  }

  /** @param {Entry} entry */
  #holds({ actor, jobId }) {
    return !this.#gone.has(actor) && holdsItsJob({ jobId, context: this.#contexts.get(actor) ?? {} });
  }
}

/** The context of the actor that holds the job after these entries, with its last entry. @param {Entry[]} entries */
export function contextOf(entries) {
  const contexts = new JobContexts();
  for (const entry of entries) contexts.add(entry);
  return contexts.ofHolder;
}
