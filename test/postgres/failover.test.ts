import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { TakenOverError } from '../../src/store/store-error.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { HeldStep } from '../support/held-step.ts';
import { soon } from '../support/soon.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';
import { replicaOf } from './replica-of.ts';
import { waitForStandby } from './wait-for-standby.ts';
import { WatchingProxy } from './watching-proxy.ts';

/** Milliseconds for two servers to start, on a machine that does much else. */
const TWO_SERVERS = 120_000;

describe.runIf(inject('postgres'))('a failover to a replica', () => {
  let primary: PostgresServer;
  let replica: PostgresServer;
  /** Between the two servers. */
  let link: WatchingProxy;
  beforeEach(async () => {
    primary = await migratedServer();
    link = await WatchingProxy.start(() => [primary.port]);
    replica = await replicaOf(link.port);
  }, TWO_SERVERS);
  afterEach(async () => {
    await link.close();
    await replica.remove();
    await primary.remove();
  });

  /** The replica has everything that the primary has. */
  async function caughtUp() {
    const { rows } = await primary.ask('select pg_current_wal_lsn()::text as at');
    const has = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as has';
    await soon(async () => expect((await replica.ask(has, [rows[0].at])).rows[0].has).toBe(true));
  }

  /** An epoch is the second in which it began, and the next one is later: a failover takes longer than that. */
  async function isPast(epoch: number) {
    const has =
      "select extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00:00Z') >= $1 + 1 as has";
    await soon(async () => expect((await primary.ask(has, [epoch])).rows[0].has).toBe(true));
  }

  /** The primary dies, the replica takes its place, and the address of the database leads to it. */
  async function failOver(place: PostgresPlace) {
    await primary.halt('SIGQUIT');
    await replica.ask('select pg_promote()');
    place.port = replica.port;
  }

  const put = (key: number) => ({ type: 'put', table: 'noted', key: String(key), value: '{}' }) as const;

  test('that is synchronous loses no acknowledged batch', async () => {
    await using place = new PostgresPlace(primary.port);
    const engine = await place.open();
    await waitForStandby(primary, '*');
    const acknowledged: string[] = [];
    let isDown = false;
    const writing = (async () => {
      for (let n = 1; !isDown; n += 1) {
        await engine.write([put(n)]);
        acknowledged.push(String(n));
      }
    })().catch(() => undefined);
    await soon(() => expect(acknowledged.length).toBeGreaterThanOrEqual(100));
    // The replica hears nothing more, so nothing more is acknowledged.
    link.trouble = 'cut';
    await failOver(place);
    isDown = true;
    await writing;
    await place.ask("update jeballto_runner.lease set expires_at = '-infinity'");
    const next = await place.open();
    expect(next.epoch).toBeGreaterThan(engine.epoch);
    expect(await next.getMany('noted', acknowledged)).toEqual(acknowledged.map(() => '{}'));
    await next.close();
    await engine.close();
  });

  test('that is asynchronous loses what was not sent, and no more; a holder of a lost epoch writes nothing', async () => {
    await using place = new PostgresPlace(primary.port);
    const before = await place.open();
    await before.write([put(1), put(2)]);
    await before.close();
    await caughtUp();
    link.trouble = 'silent';
    const url = await WatchingProxy.start(() => [place.port]);
    const late = await place.open(undefined, undefined, url.port);
    await late.write([put(3)]);
    await isPast(late.epoch);
    await failOver(place);
    await expect(late.write([put(4)])).rejects.toThrow();
    await expect(late.write([put(4)])).rejects.toThrow(TakenOverError);
    await place.ask("update jeballto_runner.lease set expires_at = '-infinity'");
    const next = await place.open();
    expect(next.epoch).toBeGreaterThan(late.epoch);
    expect(await next.getMany('noted', ['1', '2', '3', '4'])).toEqual(['{}', '{}', undefined, undefined]);
    await next.close();
    await late.close();
    await url.close();
  });

  test('that is synchronous costs no job, and no delivery that was acknowledged', async () => {
    // Only webhooks tell of jobs: nothing repairs a delivery that was acknowledged and lost.
    await using team = await Controllers.make(primary.port, 2, {
      config: { controller: { mode: 'webhook', recheck_interval: '1h' } },
    });
    await waitForStandby(primary, '*');
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    team.webhooksTo = [second];
    const jobs = team.world.push([{ steps: ['sleep 8'] }, {}, {}]);
    await team.world.until(() => {
      const queued = team.deliveries().filter(({ announcement }) => announcement.action === 'queued');
      expect(queued.map(({ statusCode }) => statusCode)).toEqual(jobs.map(() => 202));
    });
    await team.world.until(() => jobs[0]?.state.status === 'in_progress');
    await failOver(team.place);
    // It comes back as a primary of its own: nobody writes to it.
    await primary.run();
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
    expect(team.world.vmsCreated()).toBe(jobs.length);
    const { rows } = await primary.ask('select count(*) from pg_stat_activity where usename = $1', [
      'daemon',
    ]);
    expect(rows).toEqual([{ count: '0' }]);
  });

  test('that is asynchronous kills no job whose record was lost, and its VM and runner are removed after it', async () => {
    await using team = await Controllers.make(primary.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    await caughtUp();
    link.trouble = 'silent';
    // Neither the take-over nor what the second one does reaches the replica.
    await first.end();
    expect(await team.active()).toBe(second);
    using held = new HeldStep();
    const jobs = team.world.push([{ steps: [held.command()] }, {}, {}]);
    await team.world.until(() => jobs[0]?.state.status === 'in_progress');
    const epochs = async () =>
      Number((await team.place.ask('select epoch from jeballto_runner.lease')).rows[0].epoch);
    const lost = await epochs();
    await isPast(lost);
    await failOver(team.place);
    expect(await epochs()).toBeLessThan(lost);
    await team.world.until(async () => {
      expect(await second.role()).toBe('active');
      expect(await epochs()).toBeGreaterThan(lost);
    });
    expect(jobs[0]?.state.status).toBe('in_progress');
    held.end();
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
  });
});
