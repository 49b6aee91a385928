import { describe, expect, test } from 'vitest';
import { ensureRepository, type Repository } from '../../../src/simulator/github/repositories.ts';
import { registerByToken, registerJit } from '../../../src/simulator/github/runners/registration.ts';
import { createHook } from '../../../src/simulator/github/webhooks/create-hook.ts';
import { connect, jitBody, REPOSITORY, servedGitHub, TOKEN, take, virtualGitHub } from './github-fixture.ts';

const RUNNERS = `/repos/${REPOSITORY}/actions/runners`;
const JIT = `${RUNNERS}/generate-jitconfig`;

/** A GitHub with the one repository and its webhook; `control` asks the simulator's own routes. */
function github() {
  const made = virtualGitHub();
  const repository = ensureRepository(made.world, REPOSITORY);
  const url = 'http://receiver.test/webhook';
  createHook(made.world, { target: { kind: 'repository', repository }, url, secret: null });
  const scope = { kind: 'repository', repository } as const;
  return {
    ...made,
    repository,
    control: (method: string, path: string, body?: unknown) => made.ask(method, `/_sim${path}`, body),
    runner: (name: string) => registerJit(made.world, scope, jitBody(name)),
    scope,
  };
}

describe('a renamed repository', () => {
  const renamed = async () => {
    const made = github();
    await made.control('PATCH', `/repositories/${REPOSITORY}`, { name: 'renamed' });
    return made;
  };
  const byId = ({ id }: Repository, rest = '') => `/repositories/${id}${rest}`;

  test('redirects from its former name to its id: with 301 for a GET, with 307 for everything else', async () => {
    const { ask, repository } = await renamed();
    const answers = [];
    for (const [method, path, body] of [
      ['GET', `${RUNNERS}?per_page=1`],
      ['POST', JIT, jitBody('mac')],
      ['DELETE', `${RUNNERS}/21`],
    ] as const) {
      const { status, headers } = await ask(method, path, body);
      answers.push([status, headers.get('location')?.replace(/^https?:\/\/[^/]+/, '')]);
    }
    expect(answers).toEqual([
      [301, byId(repository, '/actions/runners?per_page=1')],
      [307, byId(repository, '/actions/runners/generate-jitconfig')],
      [307, byId(repository, '/actions/runners/21')],
    ]);
  });

  test('is served by its id and under its new name, which responses have', async () => {
    const { ask, repository } = await renamed();
    const answers = [await ask('GET', byId(repository)), await ask('GET', '/repos/octo/renamed')];
    expect(answers.map(({ status, body }) => [status, body.id, body.full_name])).toEqual(
      Array(2).fill([200, repository.id, 'octo/renamed']),
    );
  });

  test('sends webhooks its new name and its old id', async () => {
    const { clock, push, repository, sent } = await renamed();
    push([{}], 'octo/renamed');
    await clock.pass(1_000);
    const payload = JSON.parse(sent.at(-1)?.body ?? '{}');
    expect(payload.repository).toMatchObject({ id: repository.id, full_name: 'octo/renamed' });
  });

  test('loses its former name to a new repository with that name', async () => {
    const { ask, push } = await renamed();
    push([{}], REPOSITORY);
    expect((await ask('GET', RUNNERS)).status).toBe(200);
  });
});

describe('a repository that takes no runners', () => {
  test.each([
    [{ allowsRunners: false }, 'Repository level self-hosted runners are disabled on this repository.'],
    [{ isArchived: true }, 'Repository was archived so is read-only.'],
  ])('by %j refuses each registration, and everything can be read and removed', async (change, message) => {
    const { ask, control, repository, runner, scope, world } = github();
    const { id } = runner('before');
    await control('PATCH', `/repositories/${REPOSITORY}`, change);
    const refused = { status: 403, body: { message } };
    expect(await ask('POST', JIT, jitBody('mac'))).toMatchObject(refused);
    expect(await ask('POST', `${RUNNERS}/registration-token`)).toMatchObject(refused);
    const asked = { name: 'mac', labels: [], group: null, workFolder: '_work' };
    const more = { ephemeral: true, replace: false, hasDefaultLabels: true };
    expect(() => registerByToken(world, scope, { ...asked, ...more })).toThrow(message);
    expect((await ask('GET', `/repos/${REPOSITORY}`)).body.archived).toBe(repository.isArchived);
    expect((await ask('GET', RUNNERS)).body.total_count).toBe(1);
    expect((await ask('DELETE', `${RUNNERS}/${id}`)).status).toBe(204);
  });

  test('takes runners again when that is changed back', async () => {
    const { ask, control } = github();
    for (const allowsRunners of [false, true])
      await control('PATCH', `/repositories/${REPOSITORY}`, { allowsRunners });
    expect((await ask('POST', JIT, jitBody('mac'))).status).toBe(201);
  });
});

test('a token that loses rights keeps the others', async () => {
  const { ask, control, runner } = github();
  const { id } = runner('before');
  await control('PUT', '/tokens', { [TOKEN]: { permissions: { actions: 'read', administration: 'read' } } });
  const statuses = [];
  for (const [method, path, body] of [
    ['GET', RUNNERS],
    ['POST', JIT, jitBody('mac')],
    ['POST', `${RUNNERS}/registration-token`],
    ['DELETE', `${RUNNERS}/${id}`],
  ] as const) {
    statuses.push((await ask(method, path, body)).status);
  }
  expect(statuses).toEqual([200, 403, 403, 403]);
});

describe('a repository that is deleted', () => {
  test('returns 404 for everything below its name and its id, and its owner stays', async () => {
    const { ask, control, push, repository } = github();
    const run = push();
    await control('DELETE', `/repositories/${REPOSITORY}`);
    const statuses = [];
    for (const path of ['', '/actions/runners', `/actions/runs/${run.id}/jobs`]) {
      statuses.push((await ask('GET', `/repos/${REPOSITORY}${path}`)).status);
      statuses.push((await ask('GET', `/repositories/${repository.id}${path}`)).status);
    }
    statuses.push((await ask('POST', JIT, jitBody('mac'))).status);
    statuses.push((await ask('DELETE', `${RUNNERS}/21`)).status);
    expect(statuses).toEqual(Array(8).fill(404));
    expect((await ask('GET', '/orgs/octo/actions/runners')).status).toBe(200);
  });

  test('loses its jobs and its runners, without a webhook', async () => {
    const { clock, control, push, runner, sent, world } = github();
    const [running, queued] = [push(), push()];
    const session = connect(world, runner('mac'));
    await take(world, session);
    await clock.pass(1_000);
    const before = sent.length;
    await control('DELETE', `/repositories/${REPOSITORY}`);
    await clock.pass(60_000);
    const states = [running, queued].map(({ attempts }) => attempts[0]?.[0]?.state);
    expect(states.map((state) => [state?.status, state?.conclusion])).toEqual(
      Array(2).fill(['completed', 'cancelled']),
    );
    expect([world.runners.size, world.sessions.size, world.leases.size, world.queue.size]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(() => session.throwIfEnded()).toThrow('not registered');
    expect(sent).toHaveLength(before);
  });

  test('is a different repository when it is made again under its name', async () => {
    const { ask, control, push, repository } = github();
    await control('DELETE', `/repositories/${REPOSITORY}`);
    push();
    const { status, body } = await ask('GET', `/repos/${REPOSITORY}`);
    expect(status).toBe(200);
    expect(body.id).not.toBe(repository.id);
  });
});

test('over HTTP a client that follows redirects reads a renamed repository', async () => {
  await using served = await servedGitHub();
  served.push();
  await served.ask('PATCH', `/_sim/repositories/${REPOSITORY}`, { name: 'renamed' });
  const response = await fetch(`${served.url}/repos/${REPOSITORY}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect([response.status, response.redirected]).toEqual([200, true]);
  expect(await response.json()).toMatchObject({ full_name: 'octo/renamed' });
});
