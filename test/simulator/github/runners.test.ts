import { describe, expect, test } from 'vitest';
import { completeJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import { cancelRun } from '../../../src/simulator/github/jobs/runs.ts';
import { addRunnerGroup, ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { nextMessage, openSession } from '../../../src/simulator/github/runners/connection.ts';
import {
  connect,
  jitBody,
  MAC,
  never,
  REPOSITORY,
  runnerNamed,
  take,
  virtualGitHub,
} from './github-fixture.ts';

const HOUR = 3_600_000;
const RUNNERS = `/repos/${REPOSITORY}/actions/runners`;
const ORG_RUNNERS = '/orgs/octo/actions/runners';

type GitHub = ReturnType<typeof virtualGitHub>;

/** A GitHub with a repository, and shorthands for its runners. */
function withRunners(settings: Parameters<typeof virtualGitHub>[0] = {}) {
  const github = virtualGitHub(settings);
  ensureRepository(github.world, REPOSITORY);
  return {
    ...github,
    jit: (body: object, path = RUNNERS) => github.ask('POST', `${path}/generate-jitconfig`, body),
    names: async (path = RUNNERS) =>
      (await github.ask('GET', path)).body.runners.map(({ name }: { name: string }) => name),
  };
}

/** A runner in the middle of a job. */
async function busyRunner(github: GitHub, name = 'mac') {
  github.push();
  await github.ask('POST', `${RUNNERS}/generate-jitconfig`, jitBody(name));
  const runner = runnerNamed(github.world, name);
  return { runner, lease: await take(github.world, connect(github.world, runner)) };
}

describe('generate-jitconfig', () => {
  test('registers an offline runner at once, with its labels in lower case and no others', async () => {
    const { ask, jit } = withRunners();
    const made = await jit(jitBody('mac', ['self-hosted', 'macOS', 'ARM64']));
    expect(made.status).toBe(201);
    expect(Object.keys(made.body)).toEqual(['runner', 'encoded_jit_config']);
    expect(made.body.runner).toMatchObject({ name: 'mac', status: 'offline', busy: false, ephemeral: true });
    const labels = made.body.runner.labels.map(({ name }: { name: string }) => name);
    expect(new Set(labels)).toEqual(new Set(['self-hosted', 'macos', 'arm64']));
    const listed = (await ask('GET', `${RUNNERS}?name=mac`)).body.runners;
    expect(listed).toMatchObject([{ id: made.body.runner.id, status: 'offline', version: null }]);
    expect((await ask('GET', `${RUNNERS}/${made.body.runner.id}`)).body).toEqual(listed[0]);
  });

  test('returns the files of the runner’s folder, in base64 within base64', async () => {
    const { jit } = withRunners();
    const { body } = await jit(jitBody('mac'));
    const files = JSON.parse(Buffer.from(body.encoded_jit_config, 'base64').toString());
    expect(Object.keys(files)).toEqual(['.runner', '.credentials', '.credentials_rsaparams']);
    const settings = JSON.parse(Buffer.from(files['.runner'], 'base64').toString());
    expect(settings).toMatchObject({
      AgentId: String(body.runner.id),
      AgentName: 'mac',
      WorkFolder: '_work',
    });
    expect(settings).toMatchObject({ PoolName: 'Default', GitHubUrl: '', Ephemeral: 'True' });
  });

  test('refuses a name that is in use in the scope, in any case', async () => {
    const { jit } = withRunners();
    await jit(jitBody('Mac'));
    expect(await jit(jitBody('mAC'))).toMatchObject({
      status: 409,
      body: { message: 'Already exists - A runner with the name mAC already exists.' },
    });
    expect((await jit(jitBody('mac'), ORG_RUNNERS)).status).toBe(201);
  });

  test.each([
    [{ name: 'a', labels: ['x'] }, 'Invalid input: object is missing required key: runner_group_id.'],
    [{ name: 'a', labels: [], runner_group_id: 1 }, '/labels: 1 item required; only 0 were supplied.'],
    [{ name: 'a', labels: Array(101).fill('x'), runner_group_id: 1 }, '/labels: no more than 100 items'],
    [{ name: 'a', labels: ['x'], runner_group_id: '1' }, 'Invalid property /runner_group_id'],
    [{ name: 'a'.repeat(65), labels: ['x'], runner_group_id: 1 }, 'Invalid property /name'],
  ])('refuses %j with 422', async (body, message) => {
    const { jit } = withRunners();
    const answer = await jit(body);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(message);
  });

  test('accepts an organization’s own groups, but not hosted or unknown ones', async () => {
    const { ask, jit, world } = withRunners();
    const group = addRunnerGroup(world, 'octo', 'Macs', { repositories: ['app'] });
    const status = async (id: number, name: string) =>
      (await jit({ ...jitBody(name), runner_group_id: id }, ORG_RUNNERS)).status;
    expect(await status(group.id, 'a')).toBe(201);
    expect(await status(2, 'b')).toBe(403);
    expect(await status(99, 'c')).toBe(404);
    const groups = async (query: string) =>
      (await ask('GET', `/orgs/octo/actions/runner-groups${query}`)).body.runner_groups.map(
        ({ name }: { name: string }) => name,
      );
    ensureRepository(world, 'octo/other');
    expect(await groups('')).toEqual(['Default', 'Macs']);
    expect(await groups('?visible_to_repository=other')).toEqual(['Default']);
  });

  test('does not exist when JIT runners are unsupported, while all other routes do', async () => {
    const { ask, jit } = withRunners({ hasJit: false, enterpriseVersion: '3.9.4' });
    const at = `/api/v3${RUNNERS}`;
    const refused = await jit(jitBody('mac'), at);
    expect(refused.status).toBe(404);
    expect(refused.headers.get('x-github-enterprise-version')).toBe('3.9.4');
    expect((await ask('GET', `${at}?per_page=1`)).status).toBe(200);
    expect((await ask('POST', `${at}/registration-token`)).status).toBe(201);
  });
});

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

describe('registration tokens', () => {
  test('are made for an hour, for registering and for removing', async () => {
    const { ask, clock } = withRunners();
    for (const path of [RUNNERS, ORG_RUNNERS]) {
      for (const kind of ['registration-token', 'remove-token']) {
        const { status, body } = await ask('POST', `${path}/${kind}`);
        expect(status).toBe(201);
        expect(Date.parse(body.expires_at) - clock.now()).toBe(HOUR);
      }
    }
  });

  test('register runners by the rules of config.sh', async () => {
    const { ask, clock, push, world } = withRunners();
    const { token } = (await ask('POST', `${RUNNERS}/registration-token`)).body;
    const agent = (change: object = {}) => ({
      url: `http://127.0.0.1/${REPOSITORY}`,
      name: 'mac',
      labels: ['Xcode-26'],
      group: null,
      ephemeral: true,
      replace: false,
      hasDefaultLabels: true,
      workFolder: '_work',
      ...change,
    });
    const register = async (change?: object) =>
      (await ask('POST', '/_runner/agents', agent(change), { token })).status;
    expect(await register()).toBe(200);
    expect(runnerNamed(world, 'mac').labels.map(({ name }) => name)).toEqual([
      ...['self-hosted', 'macOS', 'ARM64', 'Xcode-26'],
    ]);
    expect(await register()).toBe(409);
    expect(await register({ replace: true, hasDefaultLabels: false })).toBe(200);
    expect(runnerNamed(world, 'mac').labels.map(({ name }) => name)).toEqual(['Xcode-26']);
    expect(await register({ name: 'b', group: 'Macs' })).toBe(404);
    expect(await register({ name: 'b', url: 'http://127.0.0.1/octo' })).toBe(404);
    push([{ labels: MAC }]);
    await clock.pass(HOUR);
    expect(await register({ name: 'b' })).toBe(404);
  });
});
