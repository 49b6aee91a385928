import pg from 'pg';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
const DEADLINE = 15_000;

/** Makes the connections to a database; the simulation passes its own. */
export type OpenPool = typeof pool;

/**
 * Returns at most `max` connections to a database. `deadline`: milliseconds after which a statement is given up with
 * its connection; whether it took effect is then unknown.
 */
export function pool(url: string, max: number, deadline = DEADLINE): pg.Pool {
  const made = new pg.Pool({
    max,
    // One stays open: a server that accepts no more connections must not end what has one.
    min: 1,
    query_timeout: deadline,
    connectionTimeoutMillis: Math.min(CONNECT_DEADLINE, deadline),
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: 'jeballto-runner',
    // What the url says of these goes before.
    connectionString: url,
  } as pg.PoolConfig);
  // An idle connection was cut; without a listener that would end the process.
  made.on('error', () => undefined);
  return made;
}
