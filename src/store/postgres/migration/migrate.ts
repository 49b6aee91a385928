import pg from 'pg';
import { TABLES } from '../../engine.ts';
import { StoreError } from '../../store-error.ts';
import { placeOf } from '../place-of.ts';
import { SCHEMA, sqlTable } from '../sql-table.ts';
import { explainPostgres } from '../trouble/explain-postgres.ts';
import { MIGRATIONS, SHARED_TABLES } from './migrations.ts';

/** Any number that no other program uses for its own lock in this database. */
const LOCK = 7_214_530_891;

export interface Migrated {
  /** The version that the database had and has now. */
  from: number;
  to: number;
}

/**
 * Brings the database to this program's version, and gives a role what the daemon needs. All of it is one
 * transaction, and a second migration waits for the first. A database of a newer version is left as it is. `url` is
 * that of the owner. Throws a StoreError.
 */
export async function migrate(url: string, role: string | null): Promise<Migrated> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that is cut rejects the statement under way.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(
      "begin; set local lock_timeout = '30s'; set local idle_in_transaction_session_timeout = '30s'",
    );
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(`create schema if not exists ${SCHEMA}`);
    await client.query(
      `create table if not exists ${SCHEMA}.migrations (version int primary key, applied_at timestamptz not null default now())`,
    );
    const from = await versionOf(client);
    for (let version = from + 1; version <= MIGRATIONS.length; version += 1) {
      await client.query(MIGRATIONS[version - 1] ?? '');
      await client.query(`insert into ${SCHEMA}.migrations (version) values ($1)`, [version]);
    }
    if (role !== null) await grant(client, client.escapeIdentifier(role));
    await client.query('commit');
    return { from, to: Math.max(from, MIGRATIONS.length) };
  } catch (error) {
    throw new StoreError(explainPostgres(placeOf(url), error), { cause: error });
  } finally {
    await client.end();
  }
}

async function versionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    `select coalesce(max(version), 0) as version from ${SCHEMA}.migrations`,
  );
  return Number(rows[0]?.version);
}

/** What the daemon needs, and nothing else: it makes and changes no table. */
async function grant(client: pg.Client, role: string): Promise<void> {
  await client.query(`grant usage on schema ${SCHEMA} to ${role}`);
  await client.query(`grant select on ${SCHEMA}.migrations to ${role}`);
  await client.query(`grant select, update on ${SCHEMA}.lease, ${SCHEMA}.fence to ${role}`);
  await client.query(
    `grant select, insert, update, delete on ${[...TABLES.map(sqlTable), ...SHARED_TABLES].join(', ')} to ${role}`,
  );
}
