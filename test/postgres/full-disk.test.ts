import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { canRun } from '../support/can-run.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';
import { RefusedWebhooks } from './refused-webhooks.ts';
import { SmallDisk, whyNoSmallDisk } from './small-disk.ts';

/** For the server with a database, before it is filled. */
const MEGABYTES = 160;

describe.runIf(inject('postgres') && canRun(whyNoSmallDisk(), { onlySomeHaveIt: true }))(
  'a full disk of the server',
  () => {
    let disk: SmallDisk;
    let server: PostgresServer;
    let logs: string;
    beforeAll(async () => {
      disk = new SmallDisk(MEGABYTES);
      // Its log has to be elsewhere than on the disk that is full.
      logs = mkdtempSync(join(tmpdir(), 'jeballto-log-'));
      server = await migratedServer({
        prepare(folder, { uid = -1, gid = -1 }) {
          disk.take(join(folder, 'data'));
          chownSync(logs, uid, gid);
        },
        settings: { logging_collector: 'on', log_directory: logs, log_filename: 'log' },
      });
    });
    afterAll(async () => {
      await server.remove();
      disk.remove();
      rmSync(logs, { recursive: true });
    });

    test('loses nothing and costs no job, is told with its fix, also when the server panics, and work goes on when there is room', {
      timeout: 180_000,
    }, async () => {
      // Only webhooks tell of jobs: nothing repairs a delivery that was acknowledged and lost.
      await using team = await Controllers.make(server.port, 2, {
        config: { controller: { mode: 'webhook', recheck_interval: '1h' } },
      });
      const refusedWebhooks = new RefusedWebhooks(team.world);
      const [first, second] = team.all as [Controller, Controller];
      await first.spawn();
      await second.start();
      const jobs = team.world.push([{ steps: ['sleep 6'] }]);
      await team.world.until(() => jobs[0]?.state.status === 'in_progress');

      for (const one of [first, second]) {
        team.sendWebhooksTo(one);
        const refused = () => team.deliveries().filter(({ statusCode }) => statusCode === 503).length;
        const before = refused();
        // Free space in the pages that it has is enough for the first ones.
        await team.world.until(async () => {
          // The server itself may have made room, by a file that it needs no more.
          disk.fill();
          const told = team.deliveries().length;
          jobs.push(...team.world.push());
          await team.world.until(() => team.deliveries().length > told);
          return refused() > before;
        });
        await team.world.until(async () => (await one.get('/readyz')).status === 503);
        const { reasons } = (await one.get('/api/status')).body as { reasons: string[] };
        expect(reasons.join()).toMatch(
          /No space left on device: make room on the disk of the database server/,
        );
      }
      expect(first.log()).toMatch(
        /the store cannot be written, so nothing new starts: .*No space left on device: make room on the disk of the database server/,
      );
      expect((await first.get('/readyz')).body.role).toBe('active');

      // A new file of its log has no room either, and the server gives up.
      await server.ask('select pg_switch_wal()').catch(() => undefined);
      await team.world.until(() => readFileSync(join(logs, 'log'), 'utf8').includes('PANIC'));
      await team.world.until(async () => (await second.get('/readyz')).status === 503);
      disk.makeRoom();
      // As a service manager does it.
      await server.halt('SIGQUIT');
      await server.run();
      await team.world.until(async () => {
        for (const one of team.all) expect((await one.get('/readyz')).status).toBe(200);
      });
      refusedWebhooks.sendAgain();
      await team.isClean();
      expect(conclusions(jobs)).toEqual(jobs.map(() => 'success'));
      expect(first.process?.child.exitCode).toBeNull();
    });
  },
);
