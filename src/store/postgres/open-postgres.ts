import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../../clock.ts';
import { StoreError } from '../store-error.ts';
import { Connections } from './connections.ts';
import { LEASE, Lease, type LeaseOptions, lookAtLease } from './lease.ts';
import { MIGRATIONS } from './migration/migrations.ts';
import { placeOf } from './place-of.ts';
import { pool } from './pool.ts';
import { PostgresEngine } from './postgres-engine.ts';
import { SCHEMA } from './sql-table.ts';
import { explainPostgres } from './trouble/explain-postgres.ts';
import { Writer } from './writer.ts';

/** Milliseconds between two looks at a lease that another daemon has. */
const LOOK_EVERY = 500;

export interface OpenPostgresOptions {
  clock: Clock;
  log: Logger;
  /** This process can write nothing any more, as a sentence. */
  onTakenOver?(why: string): void;
}

/**
 * Opens a database for one process alone, such as a command that moves it, as soon as the lease of an earlier one
 * has ended. Throws a StoreError, whose message is for the operator, when a daemon uses it, and when it cannot be
 * reached or was not migrated.
 */
export async function openPostgres(
  url: string,
  { clock, log, onTakenOver = () => undefined }: OpenPostgresOptions,
): Promise<PostgresEngine> {
  const place = placeOf(url);
  const connections = new Connections(url, LEASE, pool);
  try {
    await confirmVersion(connections);
    const lease = await takeAlone(connections, place, log, {
      holder: `${hostname()}, process ${process.pid}`,
      length: LEASE,
      clock,
      onLost: () => onTakenOver(`Another daemon has taken over the store in ${place}.`),
    });
    return new PostgresEngine(place, connections, new Writer(url, pool), lease, () => connections.close());
  } catch (error) {
    await connections.close();
    throw new StoreError(explainPostgres(place, error), { cause: error });
  }
}

/** Throws a StoreError when the holder of the lease renews it during the wait, since that daemon is alive. */
async function takeAlone(
  connections: Connections,
  place: string,
  log: Logger,
  options: LeaseOptions,
): Promise<Lease> {
  let seen: string | null = null;
  for (;;) {
    const lease = await Lease.take(connections, options);
    if (lease) return lease;
    const look = await lookAtLease(connections);
    if (!look)
      throw new StoreError('its table "lease" is empty: run "jeballto-runner store migrate" as its owner.');
    if (seen !== null && look.ends !== seen) {
      throw new StoreError(
        `another daemon uses it (${look.holder}): stop that one, or give this one a database of its own.`,
      );
    }
    if (seen === null) {
      log.info(
        `the start waits until the lease of the last daemon on ${place} has ended, some seconds at most (${look.holder})`,
      );
    }
    seen = look.ends;
    await sleepFor(options.clock, LOOK_EVERY);
  }
}

/** Returns the version of the tables; the simulated database knows each statement by its text. */
export const VERSION_SQL = `select max(version) as version from ${SCHEMA}.migrations`;

/** A newer version only adds tables; what an older daemon could misread has another format. */
export async function confirmVersion(connections: Connections): Promise<void> {
  const [row] = await connections.read(VERSION_SQL);
  const version = Number(row?.version ?? 0);
  if (version >= MIGRATIONS.length) return;
  throw new StoreError(
    `its tables are those of version ${version}, and this daemon needs ${MIGRATIONS.length}: run "jeballto-runner store migrate" as the owner of the database.`,
  );
}
