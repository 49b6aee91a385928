import { describe, expect, test } from 'vitest';
import { addRunnerGroup, ensureRepository } from '../../../src/simulator/github/repositories.ts';
import {
  jitBody,
  MAC,
  ORG_RUNNERS,
  REPOSITORY,
  RUNNERS,
  runnerNamed,
  withRunners,
} from './github-fixture.ts';

const HOUR = 3_600_000;

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
