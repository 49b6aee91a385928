import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import { StoreError } from '../store-error.ts';
import { Connections } from './connections.ts';
import { explainPostgres } from './explain-postgres.ts';
import { Lease } from './lease.ts';
import { MIGRATIONS } from './migration/migrations.ts';
import { placeOf } from './place-of.ts';
import { PostgresEngine } from './postgres-engine.ts';
import { SCHEMA } from './sql-table.ts';

export interface OpenPostgresOptions {
  clock: Clock;
  log: Logger;
  /** Another daemon has taken over the database, as a sentence. */
  onTakenOver?(why: string): void;
}

/**
 * Opens a database for one daemon, as soon as the lease of an earlier one has ended. Throws a StoreError, whose
 * message is for the operator, when another daemon uses it, and when it cannot be reached or was not migrated.
 */
export async function openPostgres(
  url: string,
  { clock, log, onTakenOver = () => undefined }: OpenPostgresOptions,
): Promise<PostgresEngine> {
  const place = placeOf(url);
  const connections = new Connections(url);
  try {
    await confirmVersion(connections);
    const lease = await Lease.take(connections, {
      holder: `${hostname()}, process ${process.pid}`,
      clock,
      onWait: (holder) =>
        log.info(
          `the start waits until the lease of the last daemon on ${place} has ended, ten seconds at most (${holder})`,
        ),
      onLost: () =>
        onTakenOver(
          `Another daemon has taken over the store in ${place}: this one ends, since it can store nothing any more.`,
        ),
    });
    return new PostgresEngine(place, connections, lease);
  } catch (error) {
    await connections.close();
    throw new StoreError(explainPostgres(place, error), { cause: error });
  }
}

/** A newer version only adds tables; what an older daemon could misread has another format. */
export async function confirmVersion(connections: Connections): Promise<void> {
  const [row] = await connections.read(`select max(version) as version from ${SCHEMA}.migrations`);
  const version = Number(row?.version ?? 0);
  if (version >= MIGRATIONS.length) return;
  throw new StoreError(
    `its tables are those of version ${version}, and this daemon needs ${MIGRATIONS.length}: run "jeballto-runner store migrate" as the owner of the database.`,
  );
}
