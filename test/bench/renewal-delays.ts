import { mkdir } from 'node:fs/promises';
import pg from 'pg';
import { OWNER } from '../../src/cli/simulation/postgres-server.ts';
import { sleepFor, systemClock } from '../../src/clock.ts';
import { LEASE, RENEWALS } from '../../src/store/postgres/lease.ts';
import { SCHEMA } from '../../src/store/postgres/sql-table.ts';
import type { PostgresPlace } from '../postgres/postgres-place.ts';
import { writeBenchConfig } from './bench-config.ts';
import { startChild } from './child.ts';
import { loadInTurn } from './load-in-turn.ts';

/** Milliseconds between two looks at the lease. */
const LOOK_EVERY = 10;
/** Floods one after the other; each has six rounds of a second and a half. */
const FLOODS = 5;

/**
 * Floods an active controller with webhooks, and watches its lease in the database. Returns the milliseconds by which
 * each renewal was later there than planned.
 */
export async function renewalDelays(place: PostgresPlace, folder: string, quick: boolean): Promise<number[]> {
  await mkdir(folder);
  const config = await writeBenchConfig(folder, [], { url: place.url() });
  await using daemon = startChild('bench-daemon.ts', [config.path, 'still']);
  await daemon.ask('start');
  const client = new pg.Client({ connectionString: place.url(OWNER) });
  await client.connect();
  /** Instants of the renewals on the database's clock, in ms. */
  const renewed = new Set<number>();
  let isFlooded = true;
  const watch = async () => {
    while (isFlooded || renewed.size < 2) {
      const { rows } = await client.query(
        `select extract(epoch from expires_at) * 1000 as ends from ${SCHEMA}.lease`,
      );
      renewed.add(Number(rows[0]?.ends) - LEASE);
      await sleepFor(systemClock, LOOK_EVERY);
    }
  };
  const watching = watch();
  try {
    for (let times = 0; times < (quick ? 1 : FLOODS); times += 1)
      await loadInTurn([{ url: config.webhookUrl, rounds: [] }], quick);
  } finally {
    isFlooded = false;
    await watching;
    await client.end();
  }
  const instants = [...renewed];
  return instants.slice(1).map((at, n) => at - (instants[n] ?? at) - LEASE / RENEWALS);
}
