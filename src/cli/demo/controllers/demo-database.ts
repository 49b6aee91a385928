import { randomBytes } from 'node:crypto';
import { postgresUrl } from '../../../config/values/postgres-url.ts';
import { migrate } from '../../../store/postgres/migration/migrate.ts';
import { placeOf } from '../../../store/postgres/place-of.ts';
import { explainPostgres } from '../../../store/postgres/trouble/explain-postgres.ts';
import { StoreError } from '../../../store/store-error.ts';
import { UsageError } from '../../command.ts';
import { askOnce } from '../../simulation/ask-once.ts';
import { PostgresServer } from '../../simulation/postgres-server.ts';

/** The code of PostgreSQL for a right that is missing. */
const MAY_NOT = '42501';

/** A new database for one demonstration. */
export interface DemoDatabase {
  url: string;
  /** Removes it, and the server when that is the demonstration's own. */
  remove(): Promise<void>;
}

/**
 * Makes a database with the daemon's tables: on the server of `url`, whose other databases stay as they are, or on a
 * server of its own at `port`. Throws a UsageError or a StoreError.
 */
export async function makeDatabase(url: string | undefined, port: number): Promise<DemoDatabase> {
  if (url === undefined) {
    const server = await PostgresServer.start({ port });
    await migrate(server.url(), null);
    return { url: server.url(), remove: () => server.remove() };
  }
  const problem = postgresUrl.schema.safeParse(url).error?.issues[0]?.message;
  if (problem !== undefined) throw new UsageError(`--postgres-url ${problem}`);
  const name = `jeballto_demo_${randomBytes(6).toString('hex')}`;
  await ask(url, `create database ${name}`);
  const own = url.replace(/^(\w+:\/\/[^/]*)\/[^?]*/, `$1/${name}`);
  // A controller that was killed may still have connections there.
  const remove = () => ask(url, `drop database ${name} with (force)`);
  try {
    await migrate(own, null);
  } catch (error) {
    await remove();
    throw error;
  }
  return { url: own, remove };
}

async function ask(url: string, statement: string): Promise<void> {
  try {
    await askOnce(url, statement);
  } catch (error) {
    if ((error as { code?: string }).code === MAY_NOT) {
      throw new UsageError(
        'The role of --postgres-url may not create a database, and the demo needs one of its own: give it the right (alter role … createdb), or name another role.',
      );
    }
    // What is called store.url in a config is an option here.
    const why = explainPostgres(placeOf(url), error).replaceAll('store.url', '--postgres-url');
    throw new StoreError(why, { cause: error });
  }
}
