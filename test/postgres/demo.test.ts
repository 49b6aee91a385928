import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { runCli } from '../cli/cli-process.ts';
import { DAEMON, migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('the demo with several controllers', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  const demo = (url: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
    runCli(['demo', '--controllers', '2', '--exit', '--json', '--postgres-url', url, ...args], { env });

  test('kills the active one, tells the take-over, and leaves nothing on the server that it was given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jeballto-demo-test-'));
    const { code, stdout, stderr } = await demo(server.url(), ['--jobs', '2', '--kill', '1'], {
      TMPDIR: folder,
    });
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/controller [12] is the active one, [\d.]+ s after/),
    ]);
    const result = JSON.parse(stdout) as { takeOverSeconds: number[] };
    expect(result).toMatchObject({
      ...{ jobs: 2, succeeded: 2, vmsLeft: 0, runnersLeft: 0, recordsLeft: 0, kills: 1 },
      takeOverSeconds: [expect.any(Number)],
    });
    // The lease of 8 s has to end first; the last renewal may be 2 s old.
    expect(result.takeOverSeconds[0]).toBeGreaterThan(4);
    const { rows } = await server.ask("select datname from pg_database where datname like 'jeballto_demo%'");
    expect(rows).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('jeballto-'))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('says in a sentence what is wrong with --postgres-url', async () => {
    expect(await demo(server.url('postgres', DAEMON), [])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('may not create a database, and the demo needs one of its own'),
    });
    const closed = server.url().replace(`:${server.port}/`, ':9/');
    expect(await demo(closed, [])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be opened .*correct host and port in --postgres-url\.\n$/),
    });
    expect((await demo('localhost', [])).stderr).toContain(
      '--postgres-url is not the URL of a PostgreSQL database',
    );
  });
});
