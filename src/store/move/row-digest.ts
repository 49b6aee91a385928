import { createHash } from 'node:crypto';
import type { TableName } from '../engine.ts';

/** One row of any table, as text. */
export interface MovedRow {
  table: TableName;
  key: string;
  value: string;
}

/** Bits of the checksum. */
const BITS = 128n;

/** How many rows of each table there are, and one checksum of all, whatever their order. */
export class RowDigest {
  readonly #rows = new Map<TableName, number>();
  #sum = 0n;

  add({ table, key, value }: MovedRow): void {
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + 1);
    const hash = createHash('sha256')
      .update(JSON.stringify([table, key, value]))
      .digest('hex');
    this.#sum = (this.#sum + BigInt(`0x${hash.slice(0, Number(BITS / 4n))}`)) % (1n << BITS);
  }

  get rows(): number {
    return [...this.#rows.values()].reduce((sum, count) => sum + count, 0);
  }

  /** By table, without those that have none. */
  get tables(): Record<string, number> {
    return Object.fromEntries([...this.#rows].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  get checksum(): string {
    return this.#sum.toString(16).padStart(Number(BITS / 4n), '0');
  }

  /** Everything that has to be equal, as one text. */
  toString(): string {
    return `${JSON.stringify(this.tables)} ${this.checksum}`;
  }
}

/** Reads all rows. */
export async function digestOf(rows: AsyncIterable<MovedRow>): Promise<RowDigest> {
  const digest = new RowDigest();
  for await (const row of rows) digest.add(row);
  return digest;
}
