import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { standbyRun } from '../crash/standby-run.ts';
import { migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('an active controller that is killed at a point of its work', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  test('leaves its job to the standby, which makes no second VM for it', async () => {
    const points = [
      { name: 'after agent POST /vms', visit: 1 },
      { name: 'before a durable write', visit: 3 },
      { name: 'after guest launch', visit: 1 },
    ];
    const outcomes = await Promise.all(points.map((point) => standbyRun('served', point, server.port)));
    for (const [n, { crashed, jobs, vmsCreated, wrong }] of outcomes.entries())
      expect({ point: points[n]?.name, crashed, jobs, vmsCreated, wrong }).toEqual({
        ...{ point: points[n]?.name, crashed: true, jobs: ['success'], vmsCreated: 1, wrong: null },
      });
  });
});
