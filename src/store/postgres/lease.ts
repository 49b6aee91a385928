import { type Clock, sleepFor } from '../../clock.ts';
import { StoreError } from '../store-error.ts';
import type { Connections } from './connections.ts';
import { SCHEMA } from './sql-table.ts';

/** Milliseconds for which a daemon that is silent keeps the database. */
const LENGTH = 10_000;
const RENEWED_EVERY = LENGTH / 3;
/** Milliseconds between two looks at a lease that another daemon has. */
const LOOK_EVERY = 500;

/**
 * The epoch grows to the seconds since 2026 by the database's clock, so that it also grows when the database was
 * restored from a backup that has an earlier one: the names that are made in an epoch are above it.
 */
const NEXT_EPOCH = `greatest(lease.epoch + 1, least(extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00:00Z'), 900000000)::bigint)`;

const TAKE = `
with taken as (
  update ${SCHEMA}.lease set epoch = ${NEXT_EPOCH}, holder = $1, since = clock_timestamp(),
    expires_at = clock_timestamp() + $2 * interval '1 millisecond'
  where expires_at <= clock_timestamp() returning epoch
)
update ${SCHEMA}.fence set epoch = taken.epoch, batch = 0 from taken returning fence.epoch`;

const LOOK = `
select holder, expires_at::text as ends, expires_at > clock_timestamp() as held from ${SCHEMA}.lease`;

const RENEW = `
update ${SCHEMA}.lease set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
where epoch = $1 returning epoch`;

const RELEASE = `update ${SCHEMA}.lease set expires_at = clock_timestamp() where epoch = $1`;

export interface LeaseOptions {
  /** Who takes it, for people. */
  holder: string;
  clock: Clock;
  /** The lease of an earlier daemon has not ended yet. */
  onWait(holder: string): void;
  /** Another daemon has taken the database: this one cannot write any more. */
  onLost(): void;
}

/** Who has the lease; null when it has ended. */
export async function leaseHolder(connections: Connections): Promise<string | null> {
  const [row] = await connections.lease(LOOK);
  return row?.held === true ? String(row.holder) : null;
}

/**
 * The right of one daemon to write to the database, for a time that it renews. It runs on the database's clock.
 * The lease keeps a second daemon from starting. Only the fence protects against a late write. It has a table of
 * its own, since a renewal must not wait for the batch that has locked it.
 */
export class Lease {
  readonly epoch: number;
  readonly #connections: Connections;
  readonly #options: LeaseOptions;
  readonly #end = new AbortController();

  /**
   * Takes the lease as soon as it has ended. Throws a StoreError when its holder renews it during this wait, since
   * that daemon is alive.
   */
  static async take(connections: Connections, options: LeaseOptions): Promise<Lease> {
    let seen: unknown = null;
    for (;;) {
      const [taken] = await connections.lease(TAKE, [options.holder, LENGTH]);
      if (taken) return new Lease(Number(taken.epoch), connections, options);
      const [row] = await connections.lease(LOOK);
      if (!row)
        throw new StoreError('its table "lease" is empty: run "jeballto-runner store migrate" as its owner.');
      if (seen !== null && row.ends !== seen) {
        throw new StoreError(
          `another daemon uses it (${row.holder}): stop that one, or give this one a database of its own.`,
        );
      }
      if (seen === null) options.onWait(String(row.holder));
      seen = row.ends;
      await sleepFor(options.clock, LOOK_EVERY);
    }
  }

  private constructor(epoch: number, connections: Connections, options: LeaseOptions) {
    this.epoch = epoch;
    this.#connections = connections;
    this.#options = options;
    void this.#renew();
  }

  /** Lets the next daemon start at once. When the database is away, the lease ends by itself. */
  async release(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    await this.#connections.lease(RELEASE, [this.epoch]).catch(() => undefined);
  }

  /** Has to be called when a batch was refused by the fence. */
  lose(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#options.onLost();
  }

  /** While the database is away nothing can be renewed; when it is back the lease goes on, unless it was taken. */
  async #renew(): Promise<void> {
    const { signal } = this.#end;
    for (;;) {
      await sleepFor(this.#options.clock, RENEWED_EVERY, signal).catch(() => undefined);
      if (signal.aborted) return;
      const renewed = await this.#connections.lease(RENEW, [this.epoch, LENGTH]).catch(() => null);
      if (renewed?.length === 0) this.lose();
    }
  }
}
