import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { OWNER, type PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { systemClock } from '../../src/clock.ts';
import { openPostgres } from '../../src/store/postgres/open-postgres.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';

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
    await admin.query("alter system set synchronous_standby_names = 'nobody'");
    await admin.query('select pg_reload_conf()');
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
    await admin.query('alter system reset synchronous_standby_names');
    await admin.query('select pg_reload_conf()');
    await engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{"again":true}' }]);
    expect(await engine.getMany('noted', ['a'])).toEqual(['{"again":true}']);
    await admin.end();
    await engine.close();
  });

  test('a deletion after a batch whose response was lost deletes what that batch writes', async () => {
    await using place = new PostgresPlace(server.port);
    await place.make();
    const proxy = await CuttingProxy.start(server.port);
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
    await admin.query("alter system set synchronous_standby_names = 'nobody'");
    await admin.query('select pg_reload_conf()');
    const lost = expect(
      engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{}' }]),
    ).rejects.toThrow();
    await waitsFor("wait_event = 'SyncRep'");
    proxy.cut();
    await lost;
    const deleting = engine.write([{ type: 'del', table: 'noted', key: 'a' }]);
    await waitsFor("wait_event_type = 'Lock'");
    await admin.query('alter system reset synchronous_standby_names');
    await admin.query('select pg_reload_conf()');
    await deleting;
    expect(await engine.getMany('noted', ['a'])).toEqual([undefined]);
    await admin.end();
    await engine.close();
    await proxy.close();
  });
});
