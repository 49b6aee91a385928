import { type Clock, sleepFor } from '../../clock.ts';
import { FORMAT } from '../store-format.ts';
import { DURABLE } from './batch-statement.ts';
import type { Connections } from './connections.ts';
import { SCHEMA } from './sql-table.ts';

/** Milliseconds for which a daemon that is silent keeps the database, unless its config says otherwise. */
export const LEASE = 8_000;
/** Parts of the lease after which it is renewed; each try has as long, so that several fit into one lease. */
export const RENEWALS = 4;
/** The part of the lease that its holder uses; the rest is for clocks of which one runs faster. */
const USED = 0.9;

/**
 * The epoch grows to the seconds since 2026 by the database's clock, so that it also grows when the database was
 * restored from a backup that has an earlier one: the names that are made in an epoch are above it.
 */
const NEXT_EPOCH = `greatest(lease.epoch + 1, least(extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00:00Z'), 900000000)::bigint)`;

const TAKE = `
with taken as (
  update ${SCHEMA}.lease set epoch = ${NEXT_EPOCH}, holder = $1, since = clock_timestamp(), format = $3,
    expires_at = clock_timestamp() + $2 * interval '1 millisecond'
  where expires_at <= clock_timestamp() and format <= $3 returning epoch
)
update ${SCHEMA}.fence set epoch = taken.epoch, batch = 0 from taken returning fence.epoch, ${DURABLE}`;

const LOOK = `
select holder, epoch, format, expires_at::text as ends, expires_at > clock_timestamp() as held
from ${SCHEMA}.lease`;

const RENEW = `
update ${SCHEMA}.lease set expires_at = clock_timestamp() + $2 * interval '1 millisecond'
where epoch = $1 returning epoch, ${DURABLE}`;

const RELEASE = `update ${SCHEMA}.lease set expires_at = clock_timestamp() where epoch = $1`;

const CONFIRM = `select from ${SCHEMA}.fence where epoch = $1`;

/** Every statement about the lease; the simulated database knows each statement by its text. */
export const LEASE_SQL = { take: TAKE, look: LOOK, renew: RENEW, release: RELEASE, confirm: CONFIRM };

/** `taken`: another daemon has the database. `notRenewed`: it could not be reached for too long. */
export type LeaseLoss = 'taken' | 'notRenewed';

export interface LeaseOptions {
  /** Who takes it, for people. */
  holder: string;
  /** Milliseconds for which the holder keeps the database while it is silent. */
  length: number;
  clock: Clock;
  /** Called once, when this daemon must not act any more. */
  onLost(why: LeaseLoss): void;
}

/** The lease as the database has it. */
export interface LeaseLook {
  holder: string;
  epoch: number;
  /** The store's format of the newest daemon that ever had it. */
  format: number;
  /** Its end; another text when it was renewed. */
  ends: string;
  isHeld: boolean;
}

/** Returns null when the table is empty, because it was not migrated. */
export async function lookAtLease(connections: Connections): Promise<LeaseLook | null> {
  const [row] = await connections.lease(LOOK);
  if (!row) return null;
  return {
    holder: String(row.holder),
    epoch: Number(row.epoch),
    format: Number(row.format),
    ends: String(row.ends),
    isHeld: row.held === true,
  };
}

/**
 * The right of one daemon to use a database, for a time that it renews. In the database it runs on the database's
 * clock. Its holder counts from before each renewal was sent, on its own clocks, and ends earlier: so it has
 * stopped before anybody else can take over, also when it was frozen or cut off.
 *
 * The lease alone protects nothing from a request that is late. Late writes are refused by the fence, which is in a
 * table of its own, since a renewal must not wait for the batch that has locked it.
 */
export class Lease {
  readonly epoch: number;
  readonly #connections: Connections;
  readonly #options: LeaseOptions;
  readonly #end = new AbortController();
  /** When the last renewal that succeeded was sent, in epoch ms on the clock of this process and on the system's. */
  #sentAt: Moment;

  /** Takes the lease when it has ended, unless a newer daemon had it: null otherwise. */
  static async take(connections: Connections, options: LeaseOptions): Promise<Lease | null> {
    const sentAt = moment(options.clock);
    const [taken] = await connections.lease(TAKE, [options.holder, options.length, FORMAT]);
    return taken ? new Lease(Number(taken.epoch), sentAt, connections, options) : null;
  }

  private constructor(epoch: number, sentAt: Moment, connections: Connections, options: LeaseOptions) {
    this.epoch = epoch;
    this.#sentAt = sentAt;
    this.#connections = connections;
    this.#options = options;
    void this.#renew();
    void this.#watch();
  }

  /** Whether nobody else can have the lease now. It asks nobody, so it is right after a freeze of this process, too. */
  isHeld(): boolean {
    return !this.#end.signal.aborted && this.#left() > 0;
  }

  /** Milliseconds since the last renewal that succeeded was sent. */
  age(): number {
    const now = moment(this.#options.clock);
    // The clock of the process may stand still while the machine sleeps; the system's may be set.
    return Math.max(now.ours - this.#sentAt.ours, now.systems - this.#sentAt.systems);
  }

  /**
   * Asks the database whether it still has this epoch, as long as it takes. Returns false when the lease is lost, and
   * rejects with the signal's reason when that aborts.
   */
  async confirm(signal?: AbortSignal | null): Promise<boolean> {
    while (this.isHeld()) {
      signal?.throwIfAborted();
      const rows = await this.#connections.confirm(CONFIRM, [this.epoch]).catch(() => null);
      if (rows?.length === 0) this.lose('taken');
      else if (rows !== null) return this.isHeld();
      else await sleepFor(this.#options.clock, 100, this.#end.signal).catch(() => undefined);
    }
    return false;
  }

  /** Lets the next daemon start at once. When the database is away, the lease ends by itself. */
  async release(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    await this.#connections.lease(RELEASE, [this.epoch]).catch(() => undefined);
  }

  /** Has to be called when the fence refused a batch, and when a request was not sent since the lease had ended. */
  lose(why: LeaseLoss): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#options.onLost(why);
  }

  #left(): number {
    return this.#options.length * USED - this.age();
  }

  /** A renewal that fails is tried again at once: its deadline was the pause. */
  async #renew(): Promise<void> {
    const { signal } = this.#end;
    const { clock, length } = this.#options;
    for (;;) {
      await clock.sleepUntil(this.#sentAt.ours + length / RENEWALS, signal).catch(() => undefined);
      if (signal.aborted) return;
      const sentAt = moment(clock);
      const renewed = await this.#connections.lease(RENEW, [this.epoch, length]).catch(() => null);
      if (renewed?.length === 0) this.lose('taken');
      else if (renewed) this.#sentAt = sentAt;
      else await sleepFor(clock, length / RENEWALS / 4, signal).catch(() => undefined);
    }
  }

  /** Does not wait for a renewal: one that hangs is why the lease ends. */
  async #watch(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && this.#left() > 0)
      await sleepFor(this.#options.clock, Math.min(this.#left(), 1_000), signal).catch(() => undefined);
    this.lose('notRenewed');
  }
}

interface Moment {
  ours: number;
  systems: number;
}

function moment(clock: Clock): Moment {
  const ours = clock.now();
  return { ours, systems: ours + clock.systemAheadBy() };
}
