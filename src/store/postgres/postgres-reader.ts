import type { Range, TableName } from '../engine.ts';
import { StoreError } from '../store-error.ts';
import type { Connections } from './connections.ts';
import { sqlTable } from './sql-table.ts';
import { explainTrouble } from './trouble/explain-trouble.ts';

/** Rows of the first page of a read, and of each later one: most reads want few rows, and some want all. */
const FIRST_PAGE = 32;
const PAGE = 512;
/** The same for tables with long rows: evidence has pictures, the quarantine whatever was unreadable. */
const LONG_ROWS: Partial<Record<TableName, number>> = { evidence: 8, quarantine: 8 };

/**
 * A PostgreSQL database, with a table for each of ours: `key` and `value`, the row's JSON as it was written. (The
 * type jsonb would refuse rows with a NUL or half a surrogate pair in a text, and would change the others.) A read
 * of many rows goes page by page, without a transaction: rows that are written during the read may be among them.
 * Rejects with a StoreError that says why, and what to do.
 */
export class PostgresReader {
  readonly place: string;
  readonly #connections: Connections;

  constructor(place: string, connections: Connections) {
    this.place = place;
    this.#connections = connections;
  }

  async *rows(table: TableName, range: Range): AsyncGenerator<[key: string, value: string]> {
    for await (const { key, value } of this.#pages(table, 'key, value::text as value', range))
      yield [String(key), String(value)];
  }

  async *keys(table: TableName, range: Range): AsyncGenerator<string> {
    for await (const { key } of this.#pages(table, 'key', range)) yield String(key);
  }

  async getMany(table: TableName, keys: string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const rows = await this.#read(
      `select key, value::text as value from ${sqlTable(table)} where key = any($1::text[])`,
      [keys],
    );
    const values = new Map(rows.map(({ key, value }) => [key, String(value)]));
    return keys.map((key) => values.get(key));
  }

  async #read(text: string, values: unknown[]) {
    return this.#connections.read(text, values).catch((error: unknown) => {
      throw new StoreError(explainTrouble(error), { cause: error });
    });
  }

  async *#pages(table: TableName, columns: string, { gt, lt, reverse = false, limit = Infinity }: Range) {
    const bounds = { gt, lt };
    let left = limit < 0 ? Infinity : limit;
    for (let size = LONG_ROWS[table] ?? FIRST_PAGE; left > 0; size = LONG_ROWS[table] ?? PAGE) {
      const wanted = Math.min(size, left);
      const conditions = ['true'];
      const values: unknown[] = [];
      if (bounds.gt !== undefined) conditions.push(`key > $${values.push(bounds.gt)}`);
      if (bounds.lt !== undefined) conditions.push(`key < $${values.push(bounds.lt)}`);
      const page = await this.#read(
        `select ${columns} from ${sqlTable(table)} where ${conditions.join(' and ')}` +
          ` order by key ${reverse ? 'desc' : 'asc'} limit ${wanted}`,
        values,
      );
      yield* page;
      if (page.length < wanted) return;
      left -= page.length;
      bounds[reverse ? 'lt' : 'gt'] = String(page.at(-1)?.key);
    }
  }
}
