import { postgresPrograms } from '../../src/cli/simulation/postgres-programs.ts';
import { PostgresServer, type ServerOptions } from '../../src/cli/simulation/postgres-server.ts';
import { migrate } from '../../src/store/postgres/migration/migrate.ts';

/** The role that has only what the daemon needs. */
export const DAEMON = 'daemon';

/** A database with the tables, from which those of the tests are made. */
export const TEMPLATE = 'migrated';

/** Why no server can be started here; null when one can. */
export const whyNoServer = (): string | null =>
  postgresPrograms() === null
    ? 'this machine has no PostgreSQL server (Debian: apt-get install postgresql)'
    : null;

/** Starts a server with the role of the daemon, and with a database that has the tables. */
export async function migratedServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const server = await PostgresServer.start(options);
  try {
    await server.ask(`create role ${DAEMON} login`);
    await server.ask(`create database ${TEMPLATE}`);
    await migrate(server.url(TEMPLATE), DAEMON);
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}
