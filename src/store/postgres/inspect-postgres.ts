import { pino } from 'pino';
import type { Clock } from '../../clock.ts';
import { countRecords, type RecordCounts } from '../count-records.ts';
import { type Engine, TABLES } from '../engine.ts';
import { Store } from '../store.ts';
import { StoreError } from '../store-error.ts';
import { Connections } from './connections.ts';
import { LEASE, lookAtLease } from './lease.ts';
import { SHARED_TABLES } from './migration/migrations.ts';
import { confirmVersion } from './open-postgres.ts';
import { placeOf } from './place-of.ts';
import { pool } from './pool.ts';
import { PostgresReader } from './postgres-reader.ts';
import { SCHEMA, sqlTable } from './sql-table.ts';
import { explainPostgres } from './trouble/explain-postgres.ts';

export interface DatabaseInspection {
  place: string;
  /** The daemon that uses it; null when none does. */
  holder: string | null;
  /** Null while a daemon uses it: what is read here may be outdated then. */
  records: RecordCounts | null;
  /** Settings of the server with which a crash of its machine loses what was acknowledged. */
  unsafe: string[];
}

/**
 * Reports the state of a database without changing it, with the role of the daemon. Throws a StoreError, whose
 * message is for the operator, when the daemon could not use it.
 */
export async function inspectPostgres(url: string, clock: Clock): Promise<DatabaseInspection> {
  const place = placeOf(url);
  const connections = new Connections(url, LEASE, pool);
  try {
    await confirmVersion(connections);
    await confirmRights(connections);
    const lease = await lookAtLease(connections);
    const holder = lease?.isHeld ? lease.holder : null;
    const unsafe = await unsafeSettings(connections);
    const records = holder === null ? await countRows(place, connections, clock) : null;
    return { place, holder, records, unsafe };
  } catch (error) {
    throw new StoreError(explainPostgres(place, error), { cause: error });
  } finally {
    await connections.close();
  }
}

async function countRows(place: string, connections: Connections, clock: Clock): Promise<RecordCounts> {
  // What the store would write, such as unreadable rows into the quarantine, is only counted.
  const engine: Engine = Object.assign(new PostgresReader(place, connections), {
    epoch: 0,
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const log = pino({ level: 'silent' });
  const store = await Store.over(engine, { clock, log, retention: Number.MAX_SAFE_INTEGER });
  const records = await countRecords(store);
  await store.close();
  return records;
}

/** What `store migrate` grants, by table. */
function wantedRights(): [table: string, right: string][] {
  const records = [...TABLES.map(sqlTable), ...SHARED_TABLES];
  const few = [`${SCHEMA}.lease`, `${SCHEMA}.fence`];
  return [
    ...few.flatMap((table) => ['select', 'update'].map((right): [string, string] => [table, right])),
    ...records.flatMap((table) =>
      ['select', 'insert', 'update', 'delete'].map((right): [string, string] => [table, right]),
    ),
  ];
}

async function confirmRights(connections: Connections): Promise<void> {
  const [server] = await connections.read('select pg_is_in_recovery() as is_replica');
  if (server?.is_replica === true)
    throw new StoreError('this server only reads, as a replica does: name the primary in store.url.');
  const wanted = wantedRights();
  const [lacking] = await connections.read(
    `select role_table, wanted, current_user as role
      from unnest($1::text[], $2::text[]) as needed (role_table, wanted)
      where not has_table_privilege(role_table, wanted) limit 1`,
    [wanted.map(([table]) => table), wanted.map(([, right]) => right)],
  );
  if (!lacking) return;
  throw new StoreError(
    `the role ${lacking.role} may not ${lacking.wanted} in the table ${lacking.role_table}: run "jeballto-runner store migrate --role ${lacking.role}" as the owner of the database.`,
  );
}

async function unsafeSettings(connections: Connections): Promise<string[]> {
  const rows = await connections.read(
    "select name from pg_settings where name in ('fsync', 'full_page_writes') and setting = 'off' order by name",
  );
  return rows.map(({ name }) => `${name} = off`);
}
