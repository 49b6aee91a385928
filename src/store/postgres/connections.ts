import type pg from 'pg';
import type { OpenPool } from './pool.ts';
import { type Row, Writer } from './writer.ts';

/** Parts of a lease after which one of its statements is given up: it is renewed several times within its length. */
const LEASE_TRIES = 4;

/** Reads that are made at once; the page and the metrics must not keep all connections of a server. */
const READERS = 3;

/**
 * The connections of one daemon that do not write its records: one for the lease and one for the question whether it
 * is still held, which must not wait behind anything else, and a few for reads. A connection that fails is closed, and
 * the next statement makes another.
 */
export class Connections {
  /** A lease that only a primary has that was replaced must not count: what changes it is a durable write. */
  readonly #lease: Writer;
  readonly #confirm: pg.Pool;
  readonly #reads: pg.Pool;

  /** `lease`: the length of the lease in milliseconds. */
  constructor(url: string, lease: number, openPool: OpenPool) {
    this.#lease = new Writer(url, openPool, lease / LEASE_TRIES);
    this.#confirm = openPool(url, 1, lease / LEASE_TRIES);
    this.#reads = openPool(url, READERS);
  }

  async read(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#reads.query(text, values)).rows;
  }

  async lease(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.#lease.write({ text, values });
  }

  /** A read that a change of the world waits for. */
  async confirm(text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#confirm.query(text, values)).rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.#lease.close(), this.#confirm.end(), this.#reads.end()]);
  }
}
