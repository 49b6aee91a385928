import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { type Controller, Controllers } from './controllers.ts';
import { DAEMON, migratedServer } from './migrated-server.ts';
import { RefusedWebhooks } from './refused-webhooks.ts';
import { StartedTwice } from './started-twice.ts';

describe.runIf(inject('postgres'))('between controllers and their database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  const epochOf = async ({ place }: Controllers) =>
    (await place.ask('select epoch::int from jeballto_runner.lease')).rows[0].epoch;

  /** Starts both controllers and two jobs, of which one has a VM when this resolves. */
  async function beginJobs(team: Controllers) {
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    const epoch = await epochOf(team);
    const jobs = team.world.push([{ steps: ['sleep 4'] }, {}]);
    await team.world.until(() => team.world.vms().length > 0);
    return { first, epoch, jobs };
  }

  test('a cut in place of every seventh answer does nothing twice, and loses no delivery', async () => {
    // Only webhooks tell of jobs: nothing repairs a delivery that was acknowledged and lost.
    await using team = await Controllers.make(server.port, 2, {
      config: { controller: { mode: 'webhook', recheck_interval: '1h' } },
    });
    const refusedWebhooks = new RefusedWebhooks(team.world);
    const startedTwice = new StartedTwice(team.world);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    team.sendWebhooksTo(second);
    let [answers, cuts] = [0, 0];
    for (const { database } of team.all)
      database.cutsAnswer = () => {
        answers += 1;
        if (answers % 7 !== 0) return false;
        cuts += 1;
        return true;
      };
    const jobs = team.world.push([{}, {}, {}]);
    await team.world.until(() => {
      refusedWebhooks.sendAgain();
      return jobs.every(({ state }) => state.status === 'completed');
    });
    for (const { database } of team.all) database.cutsAnswer = () => false;
    await team.isClean();
    expect(cuts).toBeGreaterThan(10);
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
    // A runner that took the job of another one, which was told late, costs one VM more; no VM is made or started twice.
    startedTwice.stop();
    expect(startedTwice.names).toEqual([]);
    expect(startedTwice.started).toBe(team.world.vmsCreated());
    const { rows } = await team.place.ask(
      `select value ->> 'actor' as actor, count(*)::int from jeballto_runner.journal
        where value ->> 'event' = 'launchRunner done' group by 1`,
    );
    expect(rows.filter(({ count }) => count > 1)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(jobs.length);
  });

  test('connections of which one end is closed, and the other does not know it, cost no job and no lease', async () => {
    await using team = await Controllers.make(server.port, 2);
    const { first, epoch, jobs } = await beginJobs(team);
    for (const { database } of team.all) database.closeHalf('client');
    await team.world.until(() => jobs[0]?.state.status === 'in_progress');
    for (const { database } of team.all) database.closeHalf('server');
    jobs.push(...team.world.push());
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
    expect(await epochOf(team)).toBe(epoch);
    expect(await first.role()).toBe('active');
  });

  test('a restart of the server that is shorter than the lease costs neither job nor lease', async () => {
    await using team = await Controllers.make(server.port, 2);
    const { epoch, jobs } = await beginJobs(team);
    await server.halt('SIGINT');
    await server.run();
    jobs.push(...team.world.push());
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
    expect(await epochOf(team)).toBe(epoch);
    expect(team.actedInTurn()).toEqual(['controller 1']);
  });

  test('statements that the server holds back beyond the lease change nothing when it goes on with them', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    const idle = async () =>
      (
        await team.place.ask(
          "select pid from pg_stat_activity where usename = $1 and datname = current_database() and state = 'idle'",
          [DAEMON],
        )
      ).rows.map(({ pid }) => Number(pid));
    const jobs = team.world.push([{ steps: ['sleep 12'] }]);
    await team.world.until(() => jobs[0]?.state.status === 'in_progress');
    const stopped = await idle();
    try {
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      let sent = 0;
      first.database.onSent = () => {
        sent += 1;
      };
      jobs.push(...team.world.push());
      await second.start();
      await team.world.until(() => sent >= 2);
      first.database.trouble = 'cut';
      await team.world.until(async () => (await second.role()) === 'active');
    } finally {
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
      first.database.trouble = 'none';
    }
    const epoch = await epochOf(team);
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(await epochOf(team)).toBe(epoch);
    expect(team.actedInTurn()).toEqual(['controller 1', 'controller 2']);
  });
});
