import pg from 'pg';
import type { Statement } from './batch-statement.ts';

/** Milliseconds. A statement that takes longer is given up with its connection; whether it took effect is unknown. */
const DEADLINE = 15_000;
/** The same for the lease, which has to be renewed several times within its length. */
const LEASE_DEADLINE = 3_000;
const CONNECT_DEADLINE = 5_000;

/** Reads that are made at once; the page and the metrics must not keep all connections of a server. */
const READERS = 4;

export type Row = Record<string, unknown>;

/**
 * The connections of one daemon to its database: one for batches, one for the lease, which must not wait behind
 * a batch, and a few for reads. A connection that fails is closed, and the next statement makes another.
 */
export class Connections {
  readonly #batches: pg.Pool;
  readonly #lease: pg.Pool;
  readonly #reads: pg.Pool;
  /** A standby database did not confirm the batch under way. */
  #isUnconfirmed = false;

  constructor(url: string) {
    this.#batches = pool(url, 1, DEADLINE);
    this.#lease = pool(url, 1, LEASE_DEADLINE);
    this.#reads = pool(url, READERS, DEADLINE);
    this.#batches.on('connect', (client) =>
      client.on('notice', ({ routine }) => {
        if (routine === 'SyncRepWaitForLSN') this.#isUnconfirmed = true;
      }),
    );
  }

  async read(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#reads.query(text, values)).rows;
  }

  async lease(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#lease.query(text, values)).rows;
  }

  /**
   * One statement at a time. It also rejects when the batch is committed on the primary alone, because the wait for a
   * synchronous standby database was cancelled: PostgreSQL reports that as a success with a warning.
   */
  async write({ text, values }: Statement): Promise<Row[]> {
    this.#isUnconfirmed = false;
    const { rows } = await this.#batches.query(text, values);
    if (this.#isUnconfirmed) {
      throw new Error(
        'the wait for the synchronous standby database was cancelled, so the batch counts as not written',
      );
    }
    return rows;
  }

  async close(): Promise<void> {
    await Promise.all([this.#batches, this.#lease, this.#reads].map((each) => each.end()));
  }
}

function pool(url: string, max: number, deadline: number): pg.Pool {
  const made = new pg.Pool({
    max,
    query_timeout: deadline,
    connectionTimeoutMillis: CONNECT_DEADLINE,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: 'jeballto-runner',
    // Parameters of the URL override the settings above.
    connectionString: url,
  } as pg.PoolConfig);
  // An idle connection was cut; without a listener that would end the process.
  made.on('error', () => undefined);
  return made;
}
