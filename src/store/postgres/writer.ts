import type pg from 'pg';
import type { Statement } from './batch-statement.ts';
import type { OpenPool } from './pool.ts';

export type Row = Record<string, unknown>;

/** A connection for statements whose effect must be durable, one at a time. */
export class Writer {
  readonly #pool: pg.Pool;
  /** A standby database did not confirm the statement under way. */
  #isUnconfirmed = false;
  #took: number | null = null;

  /** `deadline`: milliseconds after which a statement is given up. */
  constructor(url: string, openPool: OpenPool, deadline?: number) {
    this.#pool = openPool(url, 1, deadline);
    this.#pool.on('connect', (client) =>
      client.on('notice', ({ routine }) => {
        if (routine === 'SyncRepWaitForLSN') this.#isUnconfirmed = true;
      }),
    );
  }

  /**
   * One statement at a time. Rejects, too, when it is committed here alone, since its wait for a synchronous
   * standby database was cancelled: PostgreSQL reports that as a success with a warning.
   */
  async write({ text, values }: Statement): Promise<Row[]> {
    this.#isUnconfirmed = false;
    const began = performance.now();
    const { rows } = await this.#pool.query(text, values);
    this.#took = performance.now() - began;
    if (this.#isUnconfirmed) {
      throw new Error(
        'the wait for the synchronous standby database was cancelled, so it counts as not written',
      );
    }
    return rows;
  }

  /** Milliseconds that the last statement took; null before the first. */
  get took(): number | null {
    return this.#took;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
