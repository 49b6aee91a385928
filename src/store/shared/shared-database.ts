import type { Clock } from '../../clock.ts';
import { Connections } from '../postgres/connections.ts';
import { Lease, type LeaseLook, type LeaseOptions, lookAtLease } from '../postgres/lease.ts';
import { confirmVersion } from '../postgres/open-postgres.ts';
import { placeOf } from '../postgres/place-of.ts';
import type { OpenPool } from '../postgres/pool.ts';
import { PostgresEngine } from '../postgres/postgres-engine.ts';
import { PostgresReader } from '../postgres/postgres-reader.ts';
import { sqlTable } from '../postgres/sql-table.ts';
import { explainPostgres } from '../postgres/trouble/explain-postgres.ts';
import { Writer } from '../postgres/writer.ts';
import { StoreError } from '../store-error.ts';
import { problemOf, type StoreState, stateOf } from '../store-format.ts';
import { ControllerRows } from './controller-rows.ts';
import { OrderRows } from './order-rows.ts';
import { SharedInbox } from './shared-inbox.ts';
import { ShownRow } from './shown-row.ts';

const NOW = 'select extract(epoch from clock_timestamp()) * 1000 as now';

const DEPTH = `select count(*) as depth from ${sqlTable('inbox')}`;

/** Its own statements; the simulated database knows each statement by its text. */
export const DATABASE_SQL = { now: NOW, depth: DEPTH };

/**
 * A PostgreSQL database that several controllers share. Every one reads it; the one that has the lease writes the
 * records.
 */
export class SharedDatabase {
  /** Its address, without user and password. */
  readonly place: string;
  readonly reader: PostgresReader;
  readonly controllers: ControllerRows;
  readonly inbox: SharedInbox;
  readonly orders: OrderRows;
  readonly shown: ShownRow;
  readonly #makeWriter: () => Writer;
  readonly #connections: Connections;
  readonly #writer: Writer;

  /**
   * `lease`: the length of the lease in milliseconds. Throws a StoreError, whose message is for the operator, when the
   * database cannot be reached, was not migrated or was moved.
   */
  static async open(url: string, lease: number, openPool: OpenPool): Promise<SharedDatabase> {
    const connections = new Connections(url, lease, openPool);
    const database = new SharedDatabase(placeOf(url), connections, () => new Writer(url, openPool));
    try {
      await confirmVersion(connections);
      const problem = problemOf(await database.state());
      if (problem !== null) throw new StoreError(problem);
      return database;
    } catch (error) {
      await database.close();
      throw new StoreError(explainPostgres(database.place, error), { cause: error });
    }
  }

  private constructor(place: string, connections: Connections, makeWriter: () => Writer) {
    this.place = place;
    this.#connections = connections;
    this.#makeWriter = makeWriter;
    this.#writer = makeWriter();
    this.reader = new PostgresReader(this.place, connections);
    this.controllers = new ControllerRows(connections, this.#writer);
    this.inbox = new SharedInbox(this.#writer);
    this.orders = new OrderRows(connections, this.#writer);
    this.shown = new ShownRow(connections, this.#writer);
  }

  /** Whether this version can use the records. */
  state(): Promise<StoreState> {
    return stateOf(this.reader);
  }

  /** Null when the database has no row for a lease. */
  lookAtLease(): Promise<LeaseLook | null> {
    return lookAtLease(this.#connections);
  }

  /** Takes the lease when it has ended; null otherwise. The engine's `close` releases it. */
  async take(options: LeaseOptions): Promise<PostgresEngine | null> {
    const lease = await Lease.take(this.#connections, options);
    return lease && new PostgresEngine(this.place, this.#connections, this.#makeWriter(), lease);
  }

  /** By how many milliseconds the clock of the database is ahead of another one; half of a round trip is unknown. */
  async aheadOf(clock: Clock): Promise<number> {
    const asked = clock.now();
    const [row] = await this.#connections.read(NOW);
    return Math.round(Number(row?.now) - (asked + clock.now()) / 2);
  }

  /** Milliseconds that the last write took that was no batch of records; null before the first. */
  get lastWrite(): number | null {
    return this.#writer.took;
  }

  /** How many deliveries are in the inbox. */
  async inboxDepth(): Promise<number> {
    const [row] = await this.#connections.read(DEPTH);
    return Number(row?.depth);
  }

  async close(): Promise<void> {
    await Promise.all([this.#connections.close(), this.#writer.close()]);
  }
}
