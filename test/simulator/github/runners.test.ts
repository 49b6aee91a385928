import { describe, expect, test } from 'vitest';
import { completeJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import { cancelRun } from '../../../src/simulator/github/jobs/runs.ts';
import { nextMessage, openSession } from '../../../src/simulator/github/runners/connection.ts';
import {
  connect,
  jitBody,
  never,
  ORG_RUNNERS,
  RUNNERS,
  runnerNamed,
  take,
  type virtualGitHub,
  withRunners,
} from './github-fixture.ts';

const HOUR = 3_600_000;

type GitHub = ReturnType<typeof virtualGitHub>;

/** A runner in the middle of a job. */
async function busyRunner(github: GitHub, name = 'mac') {
  github.push();
  await github.ask('POST', `${RUNNERS}/generate-jitconfig`, jitBody(name));
  const runner = runnerNamed(github.world, name);
  return { runner, lease: await take(github.world, connect(github.world, runner)) };
}

describe('deleting a runner', () => {
  test('works at once when it never connected, and then its name is free', async () => {
    const { ask, jit } = withRunners();
    const { id } = (await jit(jitBody('mac'))).body.runner;
    expect((await ask('DELETE', `${RUNNERS}/${id}`)).status).toBe(204);
    expect((await ask('DELETE', `${RUNNERS}/${id}`)).status).toBe(404);
    expect((await ask('GET', `${RUNNERS}/${id}`)).status).toBe(404);
    expect((await jit(jitBody('mac'))).status).toBe(201);
  });

  test('is refused while it has a job', async () => {
    const github = withRunners();
    const { runner } = await busyRunner(github);
    expect(await github.ask('DELETE', `${RUNNERS}/${runner.id}`)).toMatchObject({
      status: 422,
      body: { message: 'Bad request - Runner "mac" is still running a job' },
    });
  });

  test('can succeed during a job when GitHub uses its late busy flag, and the job goes on', async () => {
    const github = withRunners({ deletionTrustsBusy: true, timings: { busyLag: 30_000 } });
    const { runner, lease } = await busyRunner(github);
    expect((await github.ask('DELETE', `${RUNNERS}/${runner.id}`)).status).toBe(204);
    completeJob(github.world, lease.token, 'success');
    expect(lease.job.state.conclusion).toBe('success');
  });

  test('ends its session', async () => {
    const { ask, jit, world } = withRunners();
    await jit(jitBody('mac'));
    const runner = runnerNamed(world, 'mac');
    const session = connect(world, runner);
    const waiting = session.next(new AbortController().signal);
    await ask('DELETE', `${RUNNERS}/${runner.id}`);
    await expect(waiting).rejects.toMatchObject({ status: 404, kind: 'RunnerNotFoundException' });
  });

  test('in another scope does not find it', async () => {
    const { ask, jit } = withRunners();
    const { id } = (await jit(jitBody('mac'))).body.runner;
    expect((await ask('DELETE', `${ORG_RUNNERS}/${id}`)).status).toBe(404);
  });
});

describe('the list of runners', () => {
  test('shows a connected runner as online, with its version', async () => {
    const { ask, jit, world } = withRunners();
    await jit(jitBody('mac'));
    connect(world, runnerNamed(world, 'mac'));
    expect((await ask('GET', RUNNERS)).body.runners).toMatchObject([
      { name: 'mac', status: 'online', os: 'macOS', version: '2.336.0' },
    ]);
  });

  test('finds by exact name and has pages', async () => {
    const { ask, jit, names } = withRunners();
    for (const name of ['a', 'b', 'c']) await jit(jitBody(name));
    expect(await names(`${RUNNERS}?name=b`)).toEqual(['b']);
    expect(await names(`${RUNNERS}?name=B`)).toEqual([]);
    const page = await ask('GET', `${RUNNERS}?per_page=2`);
    expect(page.body.total_count).toBe(3);
    expect(page.headers.get('link')).toContain('page=2>; rel="next"');
  });

  test('lags behind: it lacks a new runner and has a removed one', async () => {
    const { ask, clock, jit, names } = withRunners({ timings: { listLag: 5_000 } });
    const { id } = (await jit(jitBody('mac'))).body.runner;
    expect(await names()).toEqual([]);
    await clock.pass(5_000);
    expect(await names()).toEqual(['mac']);
    await ask('DELETE', `${RUNNERS}/${id}`);
    expect(await names()).toEqual(['mac']);
    await clock.pass(5_000);
    expect(await names()).toEqual([]);
  });

  test('shows the start and the end of busy late', async () => {
    const github = withRunners({ timings: { busyLag: 30_000 } });
    const { runner, lease } = await busyRunner(github);
    const busy = async () => (await github.ask('GET', `${RUNNERS}/${runner.id}`)).body.busy;
    expect(await busy()).toBe(false);
    await github.clock.pass(30_000);
    expect(await busy()).toBe(true);
    cancelRun(github.world, lease.job.run);
    await github.clock.pass(5 * 60_000);
    expect(runner.job).toBeNull();
    expect(await busy()).toBe(true);
    await github.clock.pass(30_000);
    expect(await busy()).toBe(false);
  });
});

describe('a runner’s registration ends', () => {
  test('with its one job', async () => {
    const github = withRunners();
    const { lease } = await busyRunner(github);
    completeJob(github.world, lease.token, 'success');
    expect(await github.names()).toEqual([]);
  });

  test('after a day when it never connected', async () => {
    const { clock, jit, names } = withRunners();
    await jit(jitBody('mac'));
    await clock.pass(24 * HOUR - 1);
    expect(await names()).toEqual(['mac']);
    await clock.pass(1);
    expect(await names()).toEqual([]);
  });

  test('within minutes when it is idle, if that is set', async () => {
    const { clock, jit, names, world } = withRunners({ timings: { idleJitLife: 4 * 60_000 } });
    await jit(jitBody('mac'));
    const session = connect(world, runnerNamed(world, 'mac'));
    const listen = async () => {
      for (;;) await nextMessage(world, session, never);
    };
    const waiting = listen().catch((error: Error) => error.message);
    await clock.pass(4 * 60_000 - 1);
    expect(await names()).toEqual(['mac']);
    await clock.pass(1);
    expect(await names()).toEqual([]);
    expect(await waiting).toBe('The runner is not registered.');
  });
});

describe('connecting', () => {
  test('is refused for a second session while the first is alive, and works when that became silent', async () => {
    const { clock, jit, world } = withRunners();
    await jit(jitBody('mac'));
    const runner = runnerNamed(world, 'mac');
    connect(world, runner);
    expect(() => connect(world, runner)).toThrow(expect.objectContaining({ status: 409 }));
    await clock.pass(60_000);
    expect(runner.state.status).toBe('offline');
    connect(world, runner);
    expect(runner.state.status).toBe('online');
  });

  test('is refused for a removed runner, with a wrong secret, and with a wrong clock', async () => {
    const { ask, jit, world } = withRunners();
    await jit(jitBody('mac'));
    const runner = runnerNamed(world, 'mac');
    const { clientId, secret } = runner;
    const greet = (change: object) => () =>
      openSession(world, {
        clientId,
        secret,
        version: '2.336.0',
        os: 'macOS',
        time: world.clock.now(),
        ...change,
      });
    expect(greet({ secret: 'another' })).toThrow(expect.objectContaining({ kind: 'invalid_client' }));
    expect(greet({ time: world.clock.now() + 6 * 60_000 })).toThrow('Current server time is');
    await ask('DELETE', `${RUNNERS}/${runner.id}`);
    expect(greet({})).toThrow(expect.objectContaining({ kind: 'invalid_client' }));
  });
});
