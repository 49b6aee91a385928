import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { runCli } from '../cli/cli-process.ts';
import { receivingServer } from '../notices/receiving-server.ts';
import { conclusions } from '../scenarios/scenario.ts';
import { type Controller, Controllers } from './controllers.ts';
import { migratedServer } from './migrated-server.ts';

describe.runIf(inject('postgres'))('a standby', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  async function pair() {
    const team = await Controllers.make(server.port, 2);
    const [active, standby] = team.all as [Controller, Controller];
    await active.start();
    await standby.start();
    return { team, active, standby };
  }

  const post = async ({ adminUrl }: Controller, path: string) => {
    const response = await fetch(`${adminUrl}${path}`, {
      method: 'POST',
      headers: { 'x-operator': "O'Neill (ops)" },
    });
    return { status: response.status, body: (await response.json()) as { message?: string } };
  };

  /** The numbers of the entries that a stream brings, until one of them is this. */
  async function streamedUntil({ adminUrl }: Controller, wanted: () => number): Promise<number[]> {
    const response = await fetch(`${adminUrl}/api/events?after=0`);
    const seen: number[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      for (const [, id] of text.matchAll(/^id: (\d+)$/gm))
        if (!seen.includes(Number(id))) seen.push(Number(id));
      if (seen.includes(wanted())) return seen;
    }
    return seen;
  }

  test('shows what the active controller shows: jobs, hosts, journal, stream, evidence, controllers', async () => {
    const { team, active, standby } = await pair();
    await using _ = team;
    let last = Infinity;
    const streamed = streamedUntil(standby, () => last);
    const jobs = team.world.push([{ steps: ['sleep 8'] }, {}]);
    await team.world.until(async () => {
      const { body } = await standby.get('/api/jobs');
      const states = (body.jobs as { state: string }[]).map(({ state }) => state);
      expect(states.some((state) => state.startsWith('running'))).toBe(true);
    });
    const names = async (one: Controller, path: string, key: string) =>
      ((await one.get(path)).body[key] as { name: string }[]).map(({ name }) => name);
    expect(await names(standby, '/api/hosts', 'hosts')).toEqual(await names(active, '/api/hosts', 'hosts'));
    const controllers = (await standby.get('/api/controllers')).body.controllers as Record<string, unknown>[];
    expect(controllers).toMatchObject([
      {
        role: 'active',
        version: '1.2.3',
        epoch: expect.any(Number),
        refusal: null,
        labels: expect.arrayContaining(['jeballto-macos']),
      },
      { role: 'standby', version: '1.2.3', epoch: null },
    ]);
    await team.isClean();
    expect(conclusions(jobs)).toEqual(['success', 'success']);
    await team.world.until(async () => {
      const recent = (await standby.get('/api/jobs')).body.recent as { jobId: number }[];
      expect(recent.map(({ jobId }) => jobId).sort()).toEqual(jobs.map(({ id }) => Number(id)).sort());
    });
    const entries = (await standby.get('/api/journal')).body.entries as { seq: number; detail?: object }[];
    last = entries.at(-1)?.seq ?? 0;
    expect((await streamed).slice(0, entries.length)).toEqual(entries.map(({ seq }) => seq));
    expect(entries[0]?.detail).toMatchObject({
      controller: expect.stringContaining('process'),
      epoch: expect.any(Number),
    });
    expect((await standby.get(`/api/jobs/${jobs[0]?.id}/evidence`)).body).toMatchObject({
      story: { settled: { outcome: 'succeeded' } },
      journal: expect.arrayContaining([expect.objectContaining({ jobId: Number(jobs[0]?.id) })]),
    });
    expect((await standby.get('/api/state')).body).toMatchObject({ mode: 'live', role: 'operator' });
    const metrics = await (await fetch(`${standby.adminUrl}/metrics`)).text();
    expect(metrics).toContain('jeballto_runner_controller_active 0');
    expect(metrics).toMatch(/jeballto_runner_controller_epoch \d+/);
    expect(metrics).toContain('jeballto_runner_controller_inbox_deliveries 0');
    const own = await (await fetch(`${active.adminUrl}/metrics`)).text();
    expect(own).toContain('jeballto_runner_controller_active 1');
    expect(own).toMatch(/jeballto_runner_controller_lease_age_seconds [\d.]+/);
  });

  test('is listed with the others by the command, also those that are gone', async () => {
    const { team, active, standby } = await pair();
    await using _ = team;
    await team.place.ask(
      `insert into jeballto_runner.controllers select 'gone', about, 'standby', null, since, seen_at - interval '1 minute' from jeballto_runner.controllers limit 1`,
    );
    const { code, stdout } = await runCli(['controllers', '--config', standby.configPath]);
    expect(code).toBe(0);
    const roles = stdout.split('\n').flatMap((line) => /\b(active|standby|gone)\b/.exec(line)?.[1] ?? []);
    expect(roles.sort()).toEqual(['active', 'gone', 'standby']);
    await active.end();
    await team.world.until(async () => (await standby.role()) === 'active');
    const json = await runCli(['controllers', '--json', '--config', standby.configPath]);
    const { controllers } = JSON.parse(json.stdout) as { controllers: { role: string; id: string }[] };
    expect(controllers.filter(({ id }) => id !== 'gone')).toMatchObject([
      { role: 'active', version: '1.2.3' },
    ]);
  });

  test('takes orders: the active controller carries them out in the name of the operator, and the standby returns its answer', async () => {
    const { team, active, standby } = await pair();
    await using _ = team;
    const [host] = (await active.get('/api/hosts')).body.hosts as { name: string }[];
    expect(await post(standby, `/api/hosts/${host?.name}/cordon`)).toEqual({
      status: 200,
      body: { ordered: true },
    });
    const [cordoned] = (await active.get('/api/hosts')).body.hosts as { cordon: { by: string } }[];
    expect(cordoned?.cordon).toMatchObject({ by: "O'Neill (ops)" });
    expect(await post(standby, '/api/jobs/77/cancel')).toMatchObject({
      status: 404,
      body: { message: (await post(active, '/api/jobs/77/cancel')).body.message },
    });
    expect((await post(standby, '/api/collect?dryRun=true')).body).toMatchObject({ dryRun: true, steps: [] });
    await standby.configure({ runner: { group: 'special' } });
    expect((await post(standby, '/api/reload')).body).toMatchObject({ outcome: 'applied' });
    expect((await active.get('/api/config')).body.config).toMatchObject({ lastReload: null });
    // Nobody is active: the order is not carried out later, when nobody expects it any more.
    active.database.trouble = 'cut';
    await team.place.ask(
      "update jeballto_runner.lease set expires_at = clock_timestamp() + interval '1 hour'",
    );
    await team.world.until(async () => (await active.role()) === 'standby');
    expect(await post(standby, `/api/hosts/${host?.name}/uncordon`)).toMatchObject({
      status: 504,
      body: { message: expect.stringContaining('no active controller has taken it yet') },
    });
    await team.place.ask("update jeballto_runner.orders set given_at = given_at - interval '1 minute'");
    await team.place.ask("update jeballto_runner.lease set expires_at = '-infinity'");
    await team.world.until(async () => (await standby.role()) === 'active');
    const [still] = (await standby.get('/api/hosts')).body.hosts as { cordon: object | null }[];
    expect(still?.cordon).not.toBeNull();
  });

  test('says when what it shows was known last, while the database is away', async () => {
    const { team, standby } = await pair();
    await using _ = team;
    await team.world.until(async () => (await standby.get('/api/status')).body.shownAt !== null);
    standby.database.trouble = 'cut';
    await team.world.until(async () => (await standby.get('/readyz')).status === 503);
    const { body } = await standby.get('/api/status');
    expect(body.reasons).toEqual([
      expect.stringMatching(
        /^This controller cannot write to the database, so it refuses webhooks\. The error: .* What is shown was last known at \d\d:\d\d/,
      ),
    ]);
    expect((await standby.get('/api/hosts')).body.hosts).toHaveLength(1);
    const ago = async () => {
      const { controllers } = (await standby.get('/api/controllers')).body as {
        controllers: { seenAgo: number }[];
      };
      return Math.min(...controllers.map(({ seenAgo }) => seenAgo));
    };
    const before = await ago();
    await team.world.until(async () => (await ago()) > before);
    expect((await post(standby, '/api/collect')).status).toBe(503);
  });

  test('waits for nothing any more when it has ended', async () => {
    await using team = await Controllers.make(server.port, 2);
    const [active, standby] = team.all as [Controller, Controller];
    await active.start();
    const waits = new Set<unknown>();
    const clock: Clock = {
      now: () => systemClock.now(),
      systemAheadBy: () => systemClock.systemAheadBy(),
      sleepUntil(at, signal) {
        const wait = systemClock.sleepUntil(at, signal);
        waits.add(wait);
        wait.catch(() => undefined).finally(() => waits.delete(wait));
        return wait;
      },
      alarm(at, wake) {
        const wait = {};
        waits.add(wait);
        const cancel = systemClock.alarm(at, () => {
          waits.delete(wait);
          wake();
        });
        return () => {
          waits.delete(wait);
          cancel();
        };
      },
    };
    await standby.start(clock);
    await team.world.until(() => waits.size > 2);
    await standby.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(waits.size).toBe(0);
  });

  test('tells nothing itself, and after a take-over nothing is told again', async () => {
    await using server2 = await receivingServer();
    const notify = { ops: { form: 'slack', url: server2.url, on: ['host'] } };
    await using team = await Controllers.make(server.port, 2, { config: { notify } });
    const [active, standby] = team.all as [Controller, Controller];
    await active.start();
    await standby.start();
    for (const one of team.all) one.toMac.trouble = 'cut';
    await server2.until(1);
    await active.end();
    await team.world.until(async () => (await standby.role()) === 'active');
    await team.world.until(async () => {
      const metrics = await (await fetch(`${standby.adminUrl}/metrics`)).text();
      // It knows that the Mac is silent, and has nothing left to tell.
      expect(metrics).toMatch(/jeballto_runner_degraded\{what="host"\} 1/);
      expect(metrics).toMatch(/jeballto_runner_notices_pending\{receiver="ops"\} 0/);
    });
    expect(server2.received).toHaveLength(1);
    const { rows } = await team.place.ask('select value from jeballto_runner.notices');
    expect(rows).toEqual([{ value: expect.objectContaining({ kind: 'host', isTold: true, endedAt: null }) }]);
  });
});
