import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { onCallEnd } from '../../src/call-trace.ts';
import { systemClock } from '../../src/clock.ts';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { ensureRepository, renameRepository } from '../../src/simulator/github/repositories.ts';
import { codeOf, githubRig, REPO, refusalOf } from './github-rig.ts';
import { ScriptedGitHub } from './scripted-github.ts';

let server: ScriptedGitHub;
let github: GitHub;

beforeEach(async () => {
  server = await new ScriptedGitHub().listen();
  github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock: systemClock });
});

afterEach(() => server.close());

const moved = (status: number, location = '/repositories/7/actions/runners/5') => ({
  status,
  headers: { location },
  json: { message: 'Moved' },
});

describe('a redirect', () => {
  test.each([307, 308])('by %i keeps the method, the body and the credentials', async (status) => {
    server.answers(moved(status), { status: 201, json: { runner: { id: 3 }, encoded_jit_config: 'eA==' } });
    const asked = { name: 'gh-a-1-1', labels: ['macos'], groupId: 1 };
    expect((await github.createJitConfig(REPO, asked)).runnerId).toBe(3);
    const [first, second] = server.requests;
    expect(second).toMatchObject({ method: 'POST', path: '/repositories/7/actions/runners/5' });
    expect(second?.body).toBe(first?.body);
    expect(second?.body).toContain('gh-a-1-1');
    expect(second?.headers.authorization).toBe('token ghp_x');
  });

  test.each([301, 302, 307, 308])('by %i is followed by a read', async (status) => {
    server.answers(moved(status), { json: { total_count: 0, runners: [] } });
    expect(await github.listRunners(REPO)).toEqual([]);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test.each([300, 301, 302, 303, 305])(
    'by %i of a removal is a failure that says nothing about the runner',
    async (status) => {
      server.answers(moved(status), { json: { total_count: 0, runners: [] } });
      const { failure } = await refusalOf(github.removeRunner(REPO, 5));
      expect(failure).toMatchObject({ code: 'GITHUB_REDIRECTED', blame: 'operator', disposition: 'giveUp' });
      expect(failure.message).toContain('renamed');
      expect(server.requests).toHaveLength(1);
    },
  );

  test('to another origin is never followed, whatever the method', async () => {
    server.answers(moved(307, 'https://elsewhere.example/login?token=SECRET'));
    for (const call of [github.removeRunner(REPO, 5), github.findRunner(REPO, 'gh-a-1-1', { id: 5 })]) {
      const { failure } = await refusalOf(call);
      expect(failure.code).toBe('GITHUB_REDIRECTED');
      expect(failure.message).toContain('https://elsewhere.example,');
      expect(failure.message).not.toContain('SECRET');
    }
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['without an address', { status: 307, json: { message: 'Moved' } }],
    ['to an invalid address', moved(307, 'http://[')],
    ['to itself', moved(308)],
  ])('%s is a failure', async (_name, reply) => {
    server.answers(reply);
    expect(await codeOf(github.findRunner(REPO, 'gh-a-1-1', { id: 5 }))).toBe('GITHUB_REDIRECTED');
    expect(server.requests.length).toBeLessThan(6);
  });

  test.each([
    ['that is followed', [moved(307), { status: 204 }], 204],
    ['that is not followed', [moved(301)], 301],
  ])('%s is one call in the trace', async (_name, replies, status) => {
    const seen: (number | null)[] = [];
    const stop = onCallEnd(systemClock, (call) => seen.push(call.status));
    server.answers(...replies);
    await github.removeRunner(REPO, 5).catch(() => undefined);
    stop();
    expect(seen).toEqual([status]);
  });
});

test('a renamed repository is served under its former name, and nothing in it is taken to be gone', async () => {
  await using rig = await githubRig();
  const repository = ensureRepository(rig.world, 'octo/app');
  rig.push();
  renameRepository(rig.world, repository, 'renamed');
  const asked = { name: 'gh-a-1-1', labels: ['self-hosted', 'macOS'], groupId: 1 };
  const { runnerId } = await rig.github.createJitConfig(REPO, asked);
  expect(await rig.github.findRunner(REPO, 'gh-a-1-1', { id: runnerId })).toMatchObject({ id: runnerId });
  expect(await rig.github.listActiveRuns('octo', 'app', 'queued')).toHaveLength(1);
  expect(await rig.github.removeRunner(REPO, runnerId)).toBe('removed');
  expect(await rig.github.removeRunner(REPO, runnerId)).toBe('absent');
});
