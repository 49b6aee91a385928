import type pg from 'pg';
import type { OpenPool } from './pool.ts';

/** Parts of a lease after which one of its statements is given up: it is renewed several times within its length. */
const LEASE_TRIES = 4;

/** Reads that are made at once; the page and the metrics must not keep all connections of a server. */
const READERS = 4;

export type Row = Record<string, unknown>;

/**
 * The connections of one daemon that do not write its records: one for the lease, which must not wait behind
 * anything else, and a few for reads. A connection that fails is closed, and the next statement makes another.
 */
export class Connections {
  readonly #lease: pg.Pool;
  readonly #reads: pg.Pool;

  /** `lease`: the length of the lease in milliseconds. */
  constructor(url: string, lease: number, openPool: OpenPool) {
    this.#lease = openPool(url, 1, lease / LEASE_TRIES);
    this.#reads = openPool(url, READERS);
  }

  async read(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#reads.query(text, values)).rows;
  }

  async lease(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#lease.query(text, values)).rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.#lease, this.#reads].map((each) => each.end()));
  }
}
