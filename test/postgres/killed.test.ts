import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { seededRandom } from '../simulator/agent/agent-fixture.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('controllers that are killed and frozen while jobs come', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('lose nothing: each acknowledged delivery leads to its job, one acts at a time, nothing is left', {
    timeout: 300_000,
  }, async () => {
    // Only webhooks tell of jobs: nothing repairs a delivery that was acknowledged and lost.
    await using team = await Controllers.make(server.port, 3, {
      config: { controller: { mode: 'webhook', recheck_interval: '1h' }, store: { lease: '3s' } },
    });
    const random = seededRandom(17);
    /** Names of which two VMs were started at once. */
    const twice = new Set<string>();
    const watch = setInterval(() => {
      const started = team.world.vms().flatMap(({ name, state }) => (state === 'running' ? [name] : []));
      for (const name of started) if (started.indexOf(name) !== started.lastIndexOf(name)) twice.add(name);
    }, 50);
    const jobs = [];
    const frozen: Controller[] = [];
    try {
      await Promise.all(team.all.map((one) => one.spawn()));
      for (const how of ['SIGKILL', 'SIGSTOP', 'SIGKILL'] as const) {
        const active = await team.active();
        // Those that are not active take the webhooks first.
        team.webhooksTo = [...team.all.filter((one) => one !== active && !frozen.includes(one)), active];
        jobs.push(...team.world.push([{ steps: ['sleep 2'] }, {}]));
        const sent = team.sent.length;
        const until = sent + Math.floor(random() * 40);
        await team.world.until(() => team.sent.length > until);
        active.process?.child.kill(how);
        await team.world.until(async () => {
          for (const one of team.all) {
            if (one === active || frozen.includes(one)) continue;
            if ((await one.role()) === 'active') return true;
          }
          return false;
        });
        if (how === 'SIGSTOP') {
          active.process?.child.kill('SIGCONT');
          await team.world.until(async () => (await active.role()) === 'standby');
        } else await active.spawn();
      }
      await team.isClean();
    } finally {
      clearInterval(watch);
    }
    expect(conclusions(jobs)).toEqual(jobs.map(() => 'success'));
    expect([...twice]).toEqual([]);
    // Nobody acts again after another one began, until it has the lease again: the epochs in the journal say who acted.
    const { rows } = await team.place.ask(
      "select value #>> '{detail,epoch}' as epoch from jeballto_runner.journal where value ->> 'kind' = 'daemon' order by key",
    );
    const epochs = rows.map(({ epoch }) => Number(epoch));
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    expect(team.actedInTurn()).toHaveLength(epochs.length);
    expect((await team.place.ask('select key from jeballto_runner.inbox')).rows).toEqual([]);
    expect((await team.place.ask('select key from jeballto_runner.actors')).rows).toEqual([]);
  });
});
