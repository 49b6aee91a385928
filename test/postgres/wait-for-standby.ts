import pg from 'pg';
import { expect } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { soon } from '../support/soon.ts';

/**
 * From now on commits of a server wait for the standby servers of these names (`*`: any); '' for none. Resolves when
 * that is in force: the server reads it later than it says.
 */
export async function waitForStandby(server: PostgresServer, names: string): Promise<void> {
  const set = async (value: string) => {
    await server.ask(`alter system set synchronous_standby_names = '${value}'`);
    await server.ask('select pg_reload_conf()');
  };
  await set(names === '' ? '' : 'nobody');
  await soon(async () => expect(await isCommitWaiting(server)).toBe(names !== ''));
  if (names !== '') await set(names);
}

/** Whether a commit now waits for a standby server that does not exist. */
async function isCommitWaiting(server: PostgresServer): Promise<boolean> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  let isOver = false;
  const committing = client.query("select pg_logical_emit_message(true, 'probe', '')").then(() => {
    isOver = true;
  });
  const cancel =
    "select pg_cancel_backend(pid) from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'";
  let isWaiting = false;
  while (!isOver && !isWaiting) isWaiting = (await server.ask(cancel, [rows[0].pid])).rowCount === 1;
  await committing;
  await client.end();
  return isWaiting;
}
