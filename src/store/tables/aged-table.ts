import type { z } from 'zod';
import { RowsAhead } from './rows-ahead.ts';
import type { Row, Table } from './table.ts';

export interface AgedTableOptions<Value> {
  /** The schema of a row; `at` is the instant at which it was made, in epoch ms. */
  schema: z.ZodType<Value>;
  /** The form of a key; any text by default. */
  keys?: RegExp;
  /** Whether a value may have this key. */
  fits?(key: string, value: Value): boolean;
  /**
   * What replaces a row that cannot be read, when its key alone is a fact that must not be lost (a settled
   * job, a number of names); nothing by default. `now` is epoch ms.
   */
  instead?(row: Row, now: number): Value;
  /** What it means for an operator that a row cannot be read, as a sentence. */
  means: string;
}

/** A table whose records are removed by age. Keys and ages are in memory, the oldest first. */
export class AgedTable<Value extends { at: number } = { at: number }> {
  readonly #table: Table;
  readonly #options: AgedTableOptions<Value>;
  readonly #ahead = new RowsAhead();
  #at = new Map<string, number>();

  constructor(table: Table, options: AgedTableOptions<Value>) {
    this.#table = table;
    this.#options = options;
  }

  /**
   * Reads all rows and passes each to `visit`, so that no caller has to read them again; a row that cannot be
   * read is put in quarantine.
   */
  async load(now: number, visit: (key: string, value: Value) => void = () => undefined): Promise<void> {
    const found: [string, number][] = [];
    for await (const row of this.#table.rows()) {
      const value = this.#read(row) ?? this.#setAside(row, now);
      if (value === null) continue;
      found.push([row.key, value.at]);
      visit(row.key, value);
    }
    this.#at = new Map(found.sort(([, a], [, b]) => a - b));
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

  /** After a refused write the key counts as unknown: otherwise a second copy would count as stored. */
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
    return (await this.#valuesOf([key]))[0];
  }

  /** The values of the newest keys, the newest first. */
  newest(limit: number): Promise<Value[]> {
    return this.#valuesOf(limit > 0 ? this.keys().slice(-limit).reverse() : []);
  }

  /** The committed rows that can be read, in the order of their keys. */
  async *rows(): AsyncGenerator<{ key: string; value: Value }> {
    for await (const row of this.#table.rows()) {
      const value = this.#read(row);
      if (value !== null) yield { key: row.key, value };
    }
  }

  /**
   * Removes at most `limit` records made before an instant (epoch ms). Returns how many. A record dated later
   * than now was written while the clock was ahead. When it stays ahead it is dated now, since it would
   * otherwise never become old.
   */
  async prune(now: number, before: number, limit: number): Promise<number> {
    let pruned = 0;
    const ahead: string[] = [];
    for (const [key, at] of this.#at) {
      if (pruned === limit) break;
      if (at > now && this.#ahead.staysAhead(key, now)) ahead.push(key);
      if (at >= before) continue;
      this.delete(key);
      pruned += 1;
    }
    for (const key of ahead.slice(0, limit)) {
      const value = await this.get(key);
      if (value && this.#at.get(key) === value.at) this.put(key, { ...value, at: now });
    }
    if (pruned < limit) this.#ahead.forgetBefore(now);
    return pruned;
  }

  async #valuesOf(keys: string[]): Promise<Value[]> {
    return (await this.#table.getMany(keys)).flatMap((row) => this.#read(row) ?? []);
  }

  /** Null for a row that cannot be used. */
  #read({ key, value }: Row): Value | null {
    const { schema, keys, fits } = this.#options;
    if (value === undefined || keys?.test(key) === false) return null;
    const { data } = schema.safeParse(value);
    return data !== undefined && fits?.(key, data) !== false ? data : null;
  }

  #setAside(row: Row, now: number): Value | null {
    const { schema, keys, instead, means } = this.#options;
    const value = keys?.test(row.key) !== false && instead ? instead(row, now) : null;
    this.#table.setAside(row, schema.safeParse(row.value).error ?? null, value, means);
    return value;
  }
}
