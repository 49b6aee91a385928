import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { OWNER, type PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { pool } from '../../src/store/postgres/pool.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { HeldStep } from '../support/held-step.ts';
import { type Controller, Controllers } from './controllers.ts';
import { DAEMON, migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';

describe.runIf(inject('postgres'))('a server that accepts no more connections', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer({ settings: { max_connections: '30' } });
  });
  afterAll(() => server.remove());

  /** Others take every connection that the server has for them. Returns what gives them back. */
  async function takeAll(): Promise<() => Promise<void>> {
    const taken: pg.Client[] = [];
    for (;;) {
      const client = new pg.Client({ connectionString: server.url('postgres') });
      client.on('error', () => undefined);
      try {
        await client.connect();
        taken.push(client);
      } catch {
        return async () => void (await Promise.all(taken.map((one) => one.end())));
      }
    }
  }

  test('leaves the active controller at work, which keeps those that it needs; one that is cut off stands by and says why, and goes on', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    using held = new HeldStep();
    const jobs = team.world.push([{ steps: [held.command()] }, { steps: [held.command()] }]);
    await team.world.until(() => jobs.every(({ state }) => state.status === 'in_progress'));
    const giveBack = await takeAll();
    try {
      held.end();
      jobs.push(...team.world.push());
      await team.isClean();
      expect(await first.role()).toBe('active');
      expect(first.log()).not.toContain('the lease could not be renewed');

      // The client that comes first gets the connections that these two lose.
      for (const one of team.all) one.database.trouble = 'cut';
      await server.ask(`alter role ${DAEMON} connection limit 0`);
      for (const one of team.all) one.database.trouble = 'none';
      await team.world.until(async () => {
        for (const one of team.all) {
          const { status, body } = await one.get('/readyz');
          expect([status, body.role]).toEqual([503, 'standby']);
          const { reasons } = (await one.get('/api/status')).body as { reasons: string[] };
          expect(reasons.join()).toMatch(
            /too many connections for role "daemon": raise max_connections of the server/,
          );
        }
      });
      // It looks at the lease again when all that acted has ended.
      await team.world.until(() => {
        for (const one of team.all)
          expect(one.log()).toMatch(
            /the database cannot be used, and this controller tries it again: too many connections .*: raise max_connections of the server, or the connection limit of this role/,
          );
      });
    } finally {
      await giveBack();
      await server.ask(`alter role ${DAEMON} connection limit -1`);
    }
    jobs.push(...team.world.push());
    await team.isClean();
    expect(conclusions(jobs)).toEqual(jobs.map(() => 'success'));
    expect(team.world.vmsCreated()).toBe(jobs.length);
  });

  test('does not end what has a connection: each pool keeps one, also after a time without work', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const one = pool(server.url('postgres'), 3);
    try {
      await Promise.all([1, 2, 3].map(() => one.query('select 1')));
      expect(one.totalCount).toBe(3);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(one.totalCount).toBe(1);
    } finally {
      vi.useRealTimers();
      await one.end();
    }
  });

  test('is not needed for the lease, for writes and for a change of the world while all reads of a controller wait', async () => {
    await using place = new PostgresPlace(server.port);
    const engine = await place.open();
    const locking = new pg.Client({ connectionString: place.url(OWNER) });
    await locking.connect();
    await locking.query('begin; lock table jeballto_runner.settled in access exclusive mode');
    const waiting = async () => {
      const { rows } = await place.ask("select 1 from pg_stat_activity where wait_event_type = 'Lock'");
      return rows.length;
    };
    let over = 0;
    const end = () => {
      over += 1;
    };
    const reads = Array.from({ length: 8 }, (_, n) => engine.getMany('settled', [String(n)]).then(end, end));
    await vi.waitFor(async () => expect(await waiting()).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
    expect(await engine.lease.confirm()).toBe(true);
    expect(over).toBe(0);
    await engine.write([{ type: 'put', table: 'noted', key: 'a', value: '{}' }]);
    expect(await waiting()).toBeGreaterThanOrEqual(3);
    await locking.end();
    await Promise.all(reads);
    expect(engine.lease.isHeld()).toBe(true);
    await engine.close();
  });
});
