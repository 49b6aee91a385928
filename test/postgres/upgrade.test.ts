import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('controllers that differ', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  const refusalOf = async (one: Controller) => {
    const { controllers } = (await one.get('/api/controllers')).body as {
      controllers: { adminUrl: string; refusal: string | null }[];
    };
    return controllers.find(({ adminUrl }) => adminUrl === one.adminUrl)?.refusal ?? null;
  };

  test('an older one never takes the lease of a newer one, and says so', async () => {
    await using team = await Controllers.make(server.port, 1);
    const [older] = team.all as [Controller];
    // As a newer version leaves it.
    await team.place.ask('update jeballto_runner.lease set format = 99, epoch = 7');
    await older.start();
    await team.world.until(async () => (await refusalOf(older)) !== null);
    expect(await refusalOf(older)).toMatch(/^A newer version wrote the records \(format 99/);
    expect(await older.get('/readyz')).toMatchObject({ status: 200, body: { role: 'standby' } });
    const { rows } = await team.place.ask('select epoch::int, format from jeballto_runner.lease');
    expect(rows).toEqual([{ epoch: 7, format: 99 }]);
    expect(team.sent).toEqual([]);
  });

  test('one without the host of a live job leaves the lease to the one that has it', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [whole, lacking] = team.all as [Controller, Controller];
    await whole.start();
    const jobs = team.world.push([{ steps: ['sleep 15'] }]);
    await team.world.until(() => team.world.vms().some(({ state }) => state === 'running'));
    await lacking.renameHost('other');
    await lacking.start();
    await whole.end({ isKilled: true });
    await team.world.until(async () => (await refusalOf(lacking)) !== null);
    expect(await refusalOf(lacking)).toMatch(/has no host "[^"]+", which jobs need now/);
    expect(await lacking.role()).toBe('standby');
    await whole.start();
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success']);
    // Nothing needs the host any more, and it says so while the other one is active.
    await team.world.until(async () => (await refusalOf(lacking)) === null);
    await whole.end();
    await team.world.until(async () => (await lacking.role()) === 'active');
  });
});

describe.runIf(inject('postgres'))('a slow way to the database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('delays work and loses no lease; half a connection that is dead ends it', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [first, second] = team.all as [Controller, Controller];
    first.database.delay = 150;
    await first.start();
    await second.start();
    const jobs = team.world.push([{}, {}]);
    await team.world.until(() => jobs.every(({ state }) => state.status === 'completed'));
    expect(await first.role()).toBe('active');
    expect(first.log()).not.toContain('the lease could not be renewed');
    first.database.delay = 0;
    first.database.trouble = 'noAnswers';
    await team.world.until(async () => (await second.role()) === 'active');
    expect(await first.role()).toBe('standby');
    const later = team.world.push();
    await team.world.until(() => later[0]?.state.status === 'completed');
    first.database.trouble = 'none';
    first.database.cut();
    await team.isClean();
    expect(conclusions([...jobs, ...later])).toEqual(['success', 'success', 'success']);
  });
});
