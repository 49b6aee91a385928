/** Each kind of record has a table of its own. The rows of `meta` describe the store itself. */
export const TABLES = [
  'meta',
  'actors',
  'journal',
  'journalOfJob',
  'deliveries',
  'settled',
  'noted',
  'quarantine',
  'cordons',
  'silences',
  'proofs',
  'evidence',
  'names',
  'leftovers',
  'repositories',
  'sent',
  'notices',
  'inbox',
  'rollouts',
] as const;

export type TableName = (typeof TABLES)[number];

/** One write: a value for a key of a table, or the deletion of that key. */
export type Operation =
  | { type: 'put'; table: TableName; key: string; value: string }
  | { type: 'del'; table: TableName; key: string };

/** Bounds of a read, by key; without bounds, everything is read. */
export interface Range {
  gt?: string;
  lt?: string;
  reverse?: boolean;
  limit?: number;
}

/**
 * What the store needs from its database, whichever it is: atomic batches of puts and deletes, reads of a
 * range in the order of its keys (by their bytes in UTF-8), and values by key. Reads see only what is
 * committed. One daemon at a time writes; the database refuses the batches of every other.
 */
export interface Engine {
  /** Where the store is, for people: a folder, or an address without user and password. */
  readonly place: string;
  /**
   * Grows whenever a daemon takes over the database, by at least a second's worth. 0 for a database that no
   * other daemon can have written since.
   */
  readonly epoch: number;
  /**
   * Writes the whole batch durably, or rejects. A key occurs at most once in a batch. After a rejection the
   * batch may or may not be written: the next one has to contain it. Rejects with a TakenOverError when
   * another daemon writes to this database now; then nothing was written, and nothing ever will be.
   */
  write(operations: readonly Operation[]): Promise<void>;
  rows(table: TableName, range: Range): AsyncIterable<[key: string, value: string]>;
  keys(table: TableName, range: Range): AsyncIterable<string>;
  /** The values in the order of the keys; undefined for a key without a value. */
  getMany(table: TableName, keys: string[]): Promise<(string | undefined)[]>;
  close(): Promise<void>;
}
