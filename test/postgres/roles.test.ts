import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('controllers on one database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('are one active one and others that stand by, and SIGTERM hands over', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    expect([await first.role(), await second.role()]).toEqual(['active', 'standby']);
    const jobs = team.world.push([{ steps: ['sleep 6'] }, {}]);
    await team.world.until(() => team.world.vms().length > 0);
    const ended = performance.now();
    await first.end();
    expect(await team.active()).toBe(second);
    const took = performance.now() - ended;
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(team.world.vmsCreated()).toBe(2);
    expect(team.actedInTurn()).toEqual(['controller 1', 'controller 2']);
    // Below 1 s on a machine that does nothing else.
    expect(took).toBeLessThan(3_000);
  });

  test('take over from one that was killed, within the lease', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.spawn();
    await second.start();
    expect([await first.role(), await second.role()]).toEqual(['active', 'standby']);
    const jobs = team.world.push([{ steps: ['sleep 6'] }, {}]);
    await team.world.until(() => team.world.vms().length > 0);
    first.process?.child.kill('SIGKILL');
    const killed = performance.now();
    expect(await team.active()).toBe(second);
    const took = performance.now() - killed;
    expect(took).toBeLessThan(10_000);
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(team.actedInTurn()).toEqual(['controller 1', 'controller 2']);
  });

  test('one that is cut off from the database stops before another acts, and stands by afterwards', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    const jobs = team.world.push([{ steps: ['sleep 12'] }, {}]);
    await team.world.until(() => team.world.vms().length > 0);
    first.database.trouble = 'silent';
    await team.world.until(() => team.sent.some(({ by }) => by === second));
    // Its last write may be a moment younger than its last renewal.
    await team.world.until(async () => (await first.get('/readyz')).status === 503);
    expect(await first.role()).toBe('standby');
    expect(first.log()).toContain('the lease could not be renewed in time');
    const lastOfFirst = team.sent.findLast(({ by }) => by === first)?.at ?? 0;
    const firstOfSecond = team.sent.find(({ by }) => by === second)?.at ?? 0;
    expect(firstOfSecond).toBeGreaterThan(lastOfFirst);
    first.database.trouble = 'none';
    first.database.cut();
    await team.world.until(async () => (await first.get('/readyz')).status === 200);
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(team.actedInTurn()).toEqual(['controller 1', 'controller 2']);
    expect(await first.role()).toBe('standby');
  });

  test('one that was frozen beyond its lease sends nothing when it goes on, and stands by', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    const { child } = await first.spawn();
    await second.start();
    const jobs = team.world.push([{ steps: ['sleep 20'] }, { steps: ['sleep 20'] }]);
    // Both jobs run: until they end, it only looks at the Mac.
    await team.world.until(() => jobs.every(({ state }) => state.status === 'in_progress'));
    child.kill('SIGSTOP');
    await team.world.until(async () => (await second.role()) === 'active');
    child.kill('SIGCONT');
    await team.world.until(async () => (await first.role()) === 'standby');
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    // What waited for its connection when the process was frozen leaves it later: no more than one look at the Mac.
    const from = team.sent.find(({ by }) => by === second)?.at ?? 0;
    const late = team.sent.filter(({ at, by }) => by === first && at > from).map(({ line }) => line);
    process.stdout.write(`requests that left late: ${late.join(', ') || 'none'}\n`);
    expect(late.filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(late.length).toBeLessThanOrEqual(3);
    expect(child.exitCode).toBeNull();
  });

  test('all stand by while the server is down, and one goes on with the jobs when it is back', async () => {
    await using team = await Controllers.make(server.port, 2);
    for (const one of team.all) await one.start();
    const jobs = team.world.push([{ steps: ['sleep 12'] }, {}]);
    await team.world.until(() => team.world.vms().length > 0);
    await server.halt('SIGQUIT');
    await team.world.until(async () => {
      const roles = await Promise.all(team.all.map((one) => one.role()));
      expect(roles).toEqual(['standby', 'standby']);
    });
    await server.run();
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(team.world.vmsCreated()).toBe(2);
  });

  test('a standby takes webhooks, the active one acts on them, and what was acknowledged outlives a kill of both', async () => {
    await using team = await Controllers.make(server.port, 2, {
      config: { controller: { mode: 'webhook' } },
    });
    const [first, second] = team.all as [Controller, Controller];
    await first.start();
    await second.start();
    team.webhooksTo = [second];
    const jobs = team.world.push();
    await team.world.until(() => jobs[0]?.state.status === 'completed');
    // Nobody is active: what comes now waits in the inbox.
    await second.end();
    const { child, ended } = await second.spawn();
    first.database.trouble = 'cut';
    await team.place.ask(
      "update jeballto_runner.lease set expires_at = clock_timestamp() + interval '1 hour'",
    );
    await team.world.until(async () => (await first.role()) === 'standby');
    const later = team.world.push([{}, {}]);
    const waiting = async () =>
      Number((await team.place.ask('select count(*) from jeballto_runner.inbox')).rows[0].count);
    await team.world.until(async () => (await waiting()) > 0);
    child.kill('SIGKILL');
    await ended;
    expect(later.map(({ state }) => state.status)).toEqual(['queued', 'queued']);
    await team.place.ask("update jeballto_runner.lease set expires_at = '-infinity'");
    await second.start();
    await team.isClean();
    expect(conclusions([...jobs, ...later])).toEqual(['success', 'success', 'success']);
    expect(await waiting()).toBe(0);
  });

  test('webhooks are refused while the database is away, and /readyz of a standby says so', async () => {
    await using team = await Controllers.make(server.port, 2);
    for (const one of team.all) await one.start();
    const [, second] = team.all as [Controller, Controller];
    team.webhooksTo = [second];
    expect(await second.get('/readyz')).toMatchObject({
      status: 200,
      body: { ready: true, role: 'standby' },
    });
    second.database.trouble = 'cut';
    await team.world.until(async () => (await second.get('/readyz')).status === 503);
    const jobs = team.world.push();
    const { deliveries, hooks } = team.world.github.world;
    const delivered = () =>
      [...hooks.values()].flatMap((hook) =>
        deliveries.of(hook, Date.now()).map(({ statusCode }) => statusCode),
      );
    await team.world.until(() => delivered().includes(503));
    second.database.trouble = 'none';
    await team.world.until(async () => (await second.get('/readyz')).status === 200);
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success']);
  });
});
