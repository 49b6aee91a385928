import { z } from 'zod';
import { instant } from '../../../bounds.ts';
import type { Table } from '../table.ts';

/** A job's snapshot as it is stored; `v` is raised whenever an older daemon could misread the record. */
export interface ActorRecord {
  v: 1;
  machine: 'job';
  /** Epoch ms. */
  savedAt: number;
  snapshot: unknown;
}

export interface StoredActors {
  records: { key: string; record: ActorRecord }[];
  /** `reason` is a sentence about "it". */
  unreadable: { key: string; raw: string; reason: string }[];
}

const schema = z.object({
  v: z.literal(1, { error: 'it has a version that this daemon does not know' }),
  machine: z.literal('job', { error: 'it belongs to a machine that this daemon does not know' }),
  savedAt: instant,
  snapshot: z.record(z.string(), z.unknown()),
});

/**
 * The snapshots of live jobs. Only the outer fields are checked here; the job machine decides whether a
 * snapshot can be restored.
 */
export class ActorRecords {
  readonly #table: Table;
  readonly #keys = new Set<string>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const key of this.#table.keys()) this.#keys.add(key);
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  put(key: string, record: ActorRecord): void {
    this.#table.put(key, record);
    this.#keys.add(key);
  }

  delete(key: string): void {
    this.#table.delete(key);
    this.#keys.delete(key);
  }

  /** All committed records; those that cannot be read are listed separately, with the reason. */
  async read(): Promise<StoredActors> {
    const records = [];
    const unreadable = [];
    for await (const row of this.#table.rows()) {
      const { key, raw } = row;
      const { data, error } = schema.safeParse(row.value);
      if (data) records.push({ key, record: data });
      else unreadable.push({ key, raw, reason: this.#table.whyUnreadable(row, error) });
    }
    return { records, unreadable };
  }
}
