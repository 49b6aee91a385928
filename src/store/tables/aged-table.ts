import { z } from 'zod';
import type { Row, Table } from './table.ts';

/** Every record that is removed by its age has the instant at which it was made, in epoch ms. */
const dated = z.looseObject({ at: z.number() });

/**
 * A table whose records are removed by their age. Keys and ages are in memory, the oldest first. A key alone is a fact
 * that must outlive a damaged value (a settled job, a known delivery): such a record counts as made when the store was
 * opened.
 */
export class AgedTable<Value extends { at: number } = { at: number }> {
  readonly #table: Table;
  #at = new Map<string, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  /** Reads all keys, and gives each row to `visit`, so that nobody reads it again. Returns the keys of damaged rows. */
  async load(now: number, visit: (row: Row) => void = () => undefined): Promise<string[]> {
    const damaged = [];
    const found: [string, number][] = [];
    for await (const row of this.#table.rows()) {
      const { data } = dated.safeParse(row.value);
      if (!data) damaged.push(row.key);
      found.push([row.key, data?.at ?? now]);
      visit(row);
    }
    this.#at = new Map(found.sort(([, a], [, b]) => a - b));
    return damaged;
  }

  get size(): number {
    return this.#at.size;
  }

  has(key: string): boolean {
    return this.#at.has(key);
  }

  /** Epoch ms, or null for an unknown key. */
  at(key: string): number | null {
    return this.#at.get(key) ?? null;
  }

  keys(): string[] {
    return [...this.#at.keys()];
  }

  /** A refused write leaves the key unknown, or a second copy would be taken for one that is stored. */
  put(key: string, value: Value): void {
    this.#table.put(key, value);
    if (this.#at.get(key) !== value.at) this.#at.delete(key);
    this.#at.set(key, value.at);
  }

  delete(key: string): void {
    this.#table.delete(key);
    this.#at.delete(key);
  }

  /** The committed value of a key; undefined when there is none that can be read. */
  async get(key: string): Promise<Value | undefined> {
    return (await this.#table.getMany([key]))[0] as Value | undefined;
  }

  /** The values of the newest keys, the newest first. */
  async newest(limit: number): Promise<Value[]> {
    const keys = limit > 0 ? this.keys().slice(-limit).reverse() : [];
    return (await this.#table.getMany(keys)) as Value[];
  }

  rows(): AsyncGenerator<Row> {
    return this.#table.rows();
  }

  /** Removes what was made before an instant, the oldest first and at most `limit`. Returns how many. */
  prune(before: number, limit: number): number {
    let pruned = 0;
    for (const [key, at] of this.#at) {
      if (at >= before || pruned === limit) break;
      this.#table.delete(key);
      this.#at.delete(key);
      pruned += 1;
    }
    return pruned;
  }
}
