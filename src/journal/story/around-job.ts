import type { StoredJournalEntry } from '../../store/tables/journal.ts';
import type { Recording } from '../recording.ts';
import { hostsOf, isAround } from './around.js';

/** Entries of the job from which its hosts and its time are known. */
const MOST_OF_JOB = 5_000;
/** Entries that are read, and entries in the result. A job may wait for days beside thousands of others. */
const MOST_READ = 10_000;
const MOST_FOUND = 500;

export interface AroundJob {
  /** Entries about the job's hosts, webhooks, breakers and the daemon, in their order. */
  entries: StoredJournalEntry[];
  /** Older ones were not read. */
  isCut: boolean;
}

/**
 * Returns what happened around a job from its first entry to its last, or to the present while it is live. With
 * `after`, only entries with a larger sequence number. Reads the newest entries first, and a limited number of them.
 */
export async function aroundJob(
  recording: Pick<Recording, 'read'>,
  jobId: number,
  after: number,
): Promise<AroundJob> {
  const own: StoredJournalEntry[] = [];
  for await (const entry of recording.read({ jobId, limit: MOST_OF_JOB, reverse: true })) own.push(entry);
  const [last] = own;
  const first = own.at(-1);
  if (!first || !last) return { entries: [], isCut: false };
  const hosts = hostsOf(own);
  const isOver = last.to === 'done' || last.to === 'failed';
  const range = { after: Math.max(after, first.seq), ...(isOver && { before: last.seq }) };
  const found: StoredJournalEntry[] = [];
  let read = 0;
  for await (const entry of recording.read({ ...range, limit: MOST_READ, reverse: true })) {
    read += 1;
    if (isAround(entry, hosts)) found.push(entry);
    if (found.length === MOST_FOUND) break;
  }
  return { entries: found.reverse(), isCut: read === MOST_READ || found.length === MOST_FOUND };
}
