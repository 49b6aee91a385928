import type { JournalQuery, StoredJournalEntry } from '../../../store/tables/journal.ts';

/** A journal as the page reads it: that of the running daemon, or one from a file. */
export interface Recording {
  /** Sequence number of the last entry, durable or not. */
  seq(): number;
  /** Resolves when everything up to `seq` can be read. */
  durable(): Promise<void>;
  read(query: JournalQuery): AsyncIterable<StoredJournalEntry>;
  /** The last entry at an instant (epoch ms) or before it; 0 when there is none. */
  seqAt(at: number): Promise<number>;
  /** Calls back whenever an entry was added; answers how to end that. */
  subscribe(listener: () => void): () => void;
}
