/** One transition of one actor. Instants in epoch ms; states and events as people read them. */
export interface JournalEntry {
  at: number;
  actor: string;
  jobId: number;
  attempt: number;
  host: string | null;
  event: string;
  /** Empty for the first entry of an actor. */
  from: string;
  to: string;
  detail?: Record<string, unknown>;
}

export interface StoredJournalEntry extends JournalEntry {
  /** Strictly increasing over the life of the store. */
  seq: number;
}
