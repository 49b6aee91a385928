// @ts-check
import { holdsItsJob } from '../overview.js';

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

  /** @param {Entry} entry of this job, the next one */
  add(entry) {
    const { actor, kind } = entry;
    if (kind === 'handover') this.#gone.add(actor);
    if (kind !== undefined) return;
    this.#gone.delete(actor);
    contextAfter(this.#contexts, entry);
    this.#lasts.delete(actor);
    this.#lasts.set(actor, entry);
  }

  /**
   * Returns the last entry and the context of the actor that holds the job. An actor whose job went on in another
   * one does not count, however long its teardown lasts.
   */
  get ofHolder() {
    const lasts = [...this.#lasts.values()];
    const last = lasts.findLast((entry) => this.#holds(entry)) ?? lasts.at(-1);
    return { context: this.#contexts.get(last?.actor ?? '') ?? {}, last };
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
