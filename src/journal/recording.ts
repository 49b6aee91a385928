import type { Store } from '../store/store.ts';
import type { JournalQuery, StoredJournalEntry } from '../store/tables/journal.ts';
import { applyEntry, emptyOverview } from './overview.js';

/** A journal as the page reads it: that of the running daemon, or one from a file. */
export interface Recording {
  /** Sequence number of the last entry, durable or not. */
  seq(): number;
  /** Resolves when everything up to `seq` can be read. */
  durable(): Promise<void>;
  read(query: JournalQuery): AsyncIterable<StoredJournalEntry>;
  /** Sequence number of the last entry at an instant (epoch ms) or before it; 0 when there is none. */
  seqAt(at: number): Promise<number>;
  /** Calls the listener whenever an entry was added; returns the function that stops this. */
  subscribe(listener: () => void): () => void;
}

/** Returns the journal of the running daemon. */
export function liveRecording(
  store: Store,
  journal: { subscribe(listener: () => void): () => void },
): Recording {
  return {
    seq: () => store.journal.seq,
    durable: () => store.durable(),
    read: (query) => store.journal.read(query),
    seqAt: (at) => store.journal.seqAt(at),
    subscribe: (listener) => journal.subscribe(listener),
  };
}

/** Returns the number of the entry after which everything is read that is true at the entry with this number. */
export async function seqBefore(recording: Recording, seq: number): Promise<number> {
  let begin = seq;
  for await (const entry of recording.read({ after: Math.max(0, seq - 1), limit: 1 }))
    begin = entry.since ?? entry.seq;
  return Math.max(0, Math.min(begin, seq) - 1);
}

/**
 * Entries that are read before those that an overview needs, to show jobs that ended a while before its
 * instant.
 */
const ENTRIES_BEFORE = 3_000;

/** Returns the state at an instant (epoch ms), or the present state for null. */
export async function overviewAt(recording: Recording, at: number | null) {
  const newest = recording.seq();
  await recording.durable();
  const seq = at === null ? newest : await recording.seqAt(at);
  const overview = emptyOverview();
  const after = Math.max(0, Math.min(await seqBefore(recording, seq), seq - ENTRIES_BEFORE - 1));
  for await (const entry of recording.read({ after, before: seq + 1 })) applyEntry(overview, entry);
  let firstAt = overview.at;
  for await (const entry of recording.read({ limit: 1 })) firstAt = entry.at;
  return {
    seq,
    at: at ?? overview.at,
    /** The earliest instant that can be shown. */
    firstAt,
    jobs: [...overview.jobs.values()],
    hosts: [...overview.hosts.values()],
    webhooks: overview.webhooks,
    breakers: [...overview.breakers.values()],
    images: [...overview.images.values()],
    orders: overview.orders,
    // For jobs whose first entry is older than what was read, there is nothing to show.
    ended: overview.ended.filter(({ context }) => context.job !== undefined),
  };
}
