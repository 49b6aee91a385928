import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { type CliProcess, runCli, startCli } from '../cli/cli-process.ts';
import { conclusions, type Scenario, scenario } from '../scenarios/scenario.ts';
import { migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';

describe.runIf(inject('postgres'))('a daemon on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  const daemons: CliProcess[] = [];
  afterEach(() => {
    for (const { child } of daemons.splice(0)) child.kill('SIGKILL');
  });

  /** A daemon in its own process, as an operator starts it. */
  function spawnDaemon({ configPath, folder }: Scenario): CliProcess {
    const daemon = startCli(['start', '--config', configPath], { cwd: folder });
    daemons.push(daemon);
    return daemon;
  }

  async function worldOn(place: PostgresPlace): Promise<Scenario> {
    await place.make();
    const world = await scenario();
    await world.configure({ store: { path: undefined, url: place.url() } });
    return world;
  }

  test('runs jobs, and after SIGKILL the next one goes on with them', async () => {
    await using place = new PostgresPlace(server.port);
    await using world = await worldOn(place);
    const first = spawnDaemon(world);
    await world.until(() => first.stdout().includes('is ready'));
    const jobs = world.push([{ steps: ['sleep 4'] }, {}, {}]);
    await world.reaches('running.busy');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = spawnDaemon(world);
    await world.until(() => second.stdout().includes('is ready'));
    await world.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success', 'success']);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  test('check says who uses the database', async () => {
    await using place = new PostgresPlace(server.port);
    await using world = await worldOn(place);
    const name = place.url().replace(/\/\/.*@/, '//');
    const check = async () => {
      const { code, stdout } = await runCli(['check', '--config', world.configPath]);
      return [code, stdout.split('\n').filter((line) => / store /.test(line))];
    };
    expect(await check()).toEqual([
      0,
      [
        `✓ store       ${name} can be written; no daemon uses it. 0 jobs go on at the next start.`,
        expect.stringContaining('! store       The server runs with fsync = off'),
      ],
    ]);
    const daemon = spawnDaemon(world);
    await world.until(() => daemon.stdout().includes('is ready'));
    expect(daemon.stdout()).toContain(`"store":"${name}"`);
    expect(await check()).toEqual([
      0,
      [
        expect.stringMatching(/^! store {7}.* is used by the daemon on .*, process \d+\.$/),
        expect.stringContaining('fsync'),
        expect.stringMatching(/^! store {7}A daemon uses this store, with 0 jobs; it is ready\.$/),
      ],
    ]);
    // In order, so that the next one starts at once.
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    const { rows } = await place.ask('select expires_at <= now() as ended from jeballto_runner.lease');
    expect(rows).toEqual([{ ended: true }]);
  });

  test('goes on with its jobs when the server was down for a while', async () => {
    await using place = new PostgresPlace(server.port);
    await using world = await worldOn(place);
    const daemon = spawnDaemon(world);
    await world.until(() => daemon.stdout().includes('is ready'));
    const jobs = world.push([{ steps: ['sleep 6'] }, {}]);
    await world.reaches('running.busy');
    await server.halt('SIGQUIT');
    await world.until(async () => {
      expect((await fetch(`${world.adminUrl}/readyz`)).status).toBe(503);
    });
    // The page and the API answer, whatever they can.
    for (const route of ['/api/jobs', '/api/status', '/api/journal', '/api/state', '/metrics']) {
      expect([200, 503]).toContain((await fetch(`${world.adminUrl}${route}`)).status);
    }
    await server.run();
    await world.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    expect(daemon.child.exitCode).toBeNull();
    expect(world.vmsCreated()).toBe(2);
  });
});
