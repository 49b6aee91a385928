import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { OWNER, type PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { systemClock } from '../../src/clock.ts';
import { Connections } from '../../src/store/postgres/connections.ts';
import { Lease } from '../../src/store/postgres/lease.ts';
import { openPostgres } from '../../src/store/postgres/open-postgres.ts';
import { pool } from '../../src/store/postgres/pool.ts';
import { migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';
import { waitForStandby } from './wait-for-standby.ts';
import { WatchingProxy } from './watching-proxy.ts';

describe.runIf(inject('postgres'))('a server that waits for a synchronous standby database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('has not acknowledged a batch whose wait was cancelled, although PostgreSQL reports a success', async () => {
    await using place = new PostgresPlace(server.port);
    await place.make();
    const engine = await place.open();
    // No such standby database exists, so every commit waits from now on.
    const admin = new pg.Client({
      connectionString: place.url(OWNER),
      options: '-c synchronous_commit=local',
    });
    await admin.connect();
    await waitForStandby(server, 'nobody');
    const writing = engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{}' }]);
    const refused = expect(writing).rejects.toThrow(
      /the wait for the synchronous standby database was cancelled/,
    );
    await vi.waitFor(
      async () => {
        const { rows } = await admin.query(
          "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and query like '%noted%'",
        );
        expect(rows).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    await refused;
    await waitForStandby(server, '');
    await engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{"again":true}' }]);
    expect(await engine.getMany('noted', ['a'])).toEqual(['{"again":true}']);
    await admin.end();
    await engine.close();
  });

  test('a deletion after a batch whose response was lost deletes what that batch writes', async () => {
    await using place = new PostgresPlace(server.port);
    await place.make();
    const proxy = await WatchingProxy.start(() => [server.port]);
    const url = place.url().replace(`:${server.port}`, `:${proxy.port}`);
    const log = pino({ level: 'silent' });
    const engine = await openPostgres(url, { clock: systemClock, log, onTakenOver: () => undefined });
    const admin = new pg.Client({
      connectionString: place.url(OWNER),
      options: '-c synchronous_commit=local',
    });
    await admin.connect();
    const waitsFor = (event: string) =>
      vi.waitFor(
        async () => {
          const { rows } = await admin.query(
            `select 1 from pg_stat_activity where ${event} and datname = current_database() and query like 'with fence%'`,
          );
          expect(rows.length).toBeGreaterThan(0);
        },
        { timeout: 20_000 },
      );
    await waitForStandby(server, 'nobody');
    const lost = expect(
      engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{}' }]),
    ).rejects.toThrow();
    await waitsFor("wait_event = 'SyncRep'");
    proxy.cut();
    await lost;
    const deleting = engine.write([{ type: 'del', table: 'noted', key: 'a' }]);
    await waitsFor("wait_event_type = 'Lock'");
    await waitForStandby(server, '');
    await deleting;
    expect(await engine.getMany('noted', ['a'])).toEqual([undefined]);
    await admin.end();
    await engine.close();
    await proxy.close();
  });

  test('renews no lease, also for a role with synchronous_commit = local: a primary that was replaced must not keep its controller', async () => {
    await using place = new PostgresPlace(server.port);
    await place.make();
    const url = `${place.url()}?options=-c%20synchronous_commit%3Dlocal`;
    const connections = new Connections(url, 1_000, pool);
    const onLost = vi.fn();
    const options = { holder: 'mini', length: 1_000, clock: systemClock, onLost };
    const lease = await Lease.take(connections, options);
    expect(lease?.isHeld()).toBe(true);
    await waitForStandby(server, 'nobody');
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledWith('notRenewed'), { timeout: 20_000 });
    await waitForStandby(server, '');
    await connections.close();
  });
});
