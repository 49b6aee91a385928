import type { Store } from './store.ts';

export interface RecordCounts {
  /** Jobs that the next start goes on with. */
  actors: number;
  quarantined: number;
  /** Rows of other tables that are in quarantine, or that the next start will put there, by table. */
  unreadable: Record<string, number>;
}

/** Reads the whole store and counts what is in it. */
export async function countRecords(store: Store): Promise<RecordCounts> {
  const { unreadable: records } = await store.actors.read();
  // Entries of the journal are checked when they are read.
  for await (const _entry of store.journal.read());
  const { actors, quarantined } = store.counts();
  return {
    actors: actors - records.length,
    quarantined: quarantined + records.length,
    unreadable: store.quarantine.rows(),
  };
}
