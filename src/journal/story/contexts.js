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

/**
 * The context after some entries, of the actor that holds the job. An actor whose job went on in another one does
 * not count, however long its teardown lasts.
 * @param {Entry[]} entries
 */
export function contextOf(entries) {
  /** @type {Contexts} */
  const contexts = new Map();
  /** Actors that went on with another job. @type {Set<string>} */
  const gone = new Set();
  for (const entry of entries) {
    if (entry.kind === 'handover') gone.add(entry.actor);
    if (entry.kind !== undefined) continue;
    gone.delete(entry.actor);
    contextAfter(contexts, entry);
  }
  const ofActors = entries.filter(({ kind }) => kind === undefined);
  const holds = (/** @type {Entry} */ { actor, jobId }) =>
    !gone.has(actor) && holdsItsJob({ jobId, context: contexts.get(actor) ?? {} });
  const last = ofActors.findLast(holds) ?? ofActors.at(-1);
  return { context: contexts.get(last?.actor ?? '') ?? {}, last };
}
