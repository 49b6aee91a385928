import { describe, expect, test } from 'vitest';
import { createGitHubApp } from '../../../src/simulator/github/github-app.ts';
import { startGitHubServer } from '../../../src/simulator/github/github-server.ts';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { github, jitBody, REPOSITORY, RUNNERS, RUNS, servedGitHub, TOKEN } from './github-fixture.ts';

const COUNTED = 'GET /repos/:owner/:repo/actions/runs';

describe('conditional requests', () => {
  test('return 304 until something changes, and cost nothing then', async () => {
    await using served = await servedGitHub();
    const { ask, push, world } = served;
    push();
    const first = await ask('GET', RUNS);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[0-9a-f]{64}"$/);
    const again = await ask('GET', RUNS, undefined, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(again.headers.get('x-ratelimit-remaining')).toBe(first.headers.get('x-ratelimit-remaining'));
    push();
    expect((await ask('GET', RUNS, undefined, { headers: { 'if-none-match': etag } })).status).toBe(200);
    expect(world.requests.of(COUNTED)).toEqual({ requests: 3, notModified: 1, byStatus: { 200: 2, 304: 1 } });
  });

  test('are separate for each credential and each page', async () => {
    const { ask } = github();
    const etag = async (path: string, token: string) =>
      (await ask('GET', path, undefined, { token })).headers.get('etag');
    const own = await etag(RUNS, 'a');
    expect(await etag(RUNS, 'a')).toBe(own);
    expect(await etag(RUNS, 'b')).not.toBe(own);
  });
});

describe('the hourly limit', () => {
  test('is in every response, refuses when it is used up, and is full again after an hour', async () => {
    const { ask, clock } = github({ rateLimit: 2 });
    const first = await ask('GET', RUNS);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-used': '1',
      'x-ratelimit-resource': 'core',
      'x-ratelimit-reset': String((clock.now() + 3_600_000) / 1000),
    });
    await ask('GET', RUNS);
    const refused = await ask('GET', RUNS);
    expect(refused.status).toBe(403);
    expect(refused.body.message).toContain('API rate limit exceeded');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    const { rate } = (await ask('GET', '/rate_limit')).body;
    expect(rate).toMatchObject({ limit: 2, used: 2, remaining: 0 });
    await clock.pass(3_600_000);
    expect((await ask('GET', RUNS)).status).toBe(200);
  });

  test('can be used up by the world', async () => {
    const { ask, world } = github();
    await ask('GET', RUNS);
    world.limits.setRemaining('user octocat', 0);
    expect((await ask('GET', RUNS)).status).toBe(403);
  });

  test('does not exist when it is turned off', async () => {
    const { ask } = github({ rateLimit: null });
    expect((await ask('GET', RUNS)).headers.get('x-ratelimit-limit')).toBeNull();
    expect((await ask('GET', '/rate_limit')).status).toBe(404);
  });
});

describe('faults', () => {
  test('can be a secondary limit, with status and header', async () => {
    const { ask, world } = github();
    world.faults.add({ route: 'GET *', status: 403, headers: { 'retry-after': '60' }, times: 1 });
    const answer = await ask('GET', RUNS);
    expect(answer).toMatchObject({
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit.' },
    });
    expect(answer.headers.get('retry-after')).toBe('60');
    expect((await ask('GET', RUNS)).status).toBe(200);
  });

  test('can cut the connection before the work or after it', async () => {
    await using served = await servedGitHub();
    const { ask, faults, world } = served;
    ensureRepository(world, REPOSITORY);
    const route = 'POST /repos/:owner/:repo/actions/runners/generate-jitconfig';
    faults.add({ route, drop: 'before', times: 1 });
    faults.add({ route, drop: 'after', times: 1 });
    const jit = () => ask('POST', `${RUNNERS}/generate-jitconfig`, jitBody('mac'));
    await expect(jit()).rejects.toThrow('fetch failed');
    expect(world.runners.size).toBe(0);
    await expect(jit()).rejects.toThrow('fetch failed');
    expect(world.runners.size).toBe(1);
    expect((await jit()).status).toBe(409);
    expect(world.requests.of(route).requests).toBe(3);
  });

  test('can hang until the client disconnects', async () => {
    await using served = await servedGitHub();
    served.faults.add({ route: 'GET /user', hang: true });
    const gone = AbortSignal.timeout(50);
    const asked = fetch(`${served.url}/user`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: gone,
    });
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('can delay a response by the world’s clock', async () => {
    const { ask, clock, world } = github();
    world.faults.add({ route: 'GET *', delayMs: 5_000 });
    const before = clock.now();
    expect((await clock.finish(ask('GET', RUNS))).status).toBe(200);
    expect(clock.now() - before).toBe(5_000);
  });
});

describe('the server', () => {
  test('has its API below /api/v3 and a version header when it is an Enterprise Server', async () => {
    await using served = await servedGitHub({ enterpriseVersion: '3.19.0' });
    expect(served.url).toBe(`${served.world.origin}/api/v3`);
    const { headers, body } = await served.ask('GET', '/meta');
    expect(headers.get('x-github-enterprise-version')).toBe('3.19.0');
    expect(body.installed_version).toBe('3.19.0');
    const bare = await fetch(`${served.world.origin}/meta`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(bare.status).toBe(404);
  });

  test('returns GitHub’s messages for unknown paths and for bodies that are not JSON', async () => {
    const { world } = github();
    const app = createGitHubApp(world);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await (await app.request('/nowhere', { headers })).json()).toMatchObject({ message: 'Not Found' });
    const jit = await app.request(`${RUNNERS}/generate-jitconfig`, { method: 'POST', body: '{', headers });
    expect(jit.status).toBe(400);
    expect(await jit.json()).toMatchObject({ message: 'Problems parsing JSON' });
  });

  test('has only repositories that were mentioned', async () => {
    const { ask } = github();
    expect((await ask('GET', `/repos/${REPOSITORY}`)).body).toMatchObject({
      full_name: REPOSITORY,
      private: true,
    });
    expect((await ask('GET', '/repos/octo/other')).status).toBe(404);
    expect((await ask('GET', '/orgs/nobody/actions/runners')).status).toBe(404);
  });

  test('can be closed and served again on its port with the same state', async () => {
    const { push, world } = github();
    push();
    const first = await startGitHubServer({ world });
    await first.close();
    const second = await startGitHubServer({ world, port: first.port });
    const answer = await fetch(`${second.url}${RUNS}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(await answer.json()).toMatchObject({ total_count: 1 });
    await second.close();
  });
});

describe('control', () => {
  test('pushes, cancels, runs again and approves, and returns the whole state', async () => {
    await using served = await servedGitHub();
    const { ask } = served;
    const job = { name: 'build', labels: ['self-hosted', 'macOS'], steps: ['make'], needsApproval: true };
    const pushed = await ask('POST', '/_sim/workflows', { repository: REPOSITORY, name: 'CI', jobs: [job] });
    expect(pushed).toMatchObject({ status: 201, body: { attempt: 1 } });
    const { runId, jobIds } = pushed.body;
    const state = async () =>
      (await ask('GET', '/_sim/world')).body.jobs.map(({ status }: { status: string }) => status);
    expect(await state()).toEqual(['waiting']);
    expect((await ask('POST', `/_sim/runs/${runId}/approve`)).status).toBe(204);
    expect(await state()).toEqual(['queued']);
    expect((await ask('POST', `/_sim/runs/${runId}/cancel`)).status).toBe(204);
    const again = await ask('POST', `/_sim/runs/${runId}/rerun`, { failedOnly: true });
    expect(again.body).toMatchObject({ runId, attempt: 2 });
    expect(again.body.jobIds).not.toEqual(jobIds);
    expect(await state()).toEqual(['completed', 'waiting']);
    expect((await ask('POST', '/_sim/runs/1/cancel')).status).toBe(404);
  });

  test('serves only this machine', async () => {
    const app = createGitHubApp(github().world);
    const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } });
    const status = async (address: string) => (await app.request('/_sim/world', {}, from(address))).status;
    expect(await status('10.0.0.7')).toBe(403);
    expect(await status('::ffff:127.0.0.1')).toBe(200);
  });

  test('names what is wrong with a request', async () => {
    const { ask } = github();
    const answer = await ask('POST', '/_sim/workflows', { repository: 'app', jobs: [] });
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain('expected owner/name');
  });

  test('sets and removes faults', async () => {
    const { ask } = github();
    await ask('POST', '/_sim/faults', [{ route: 'GET /user', status: 502 }]);
    expect((await ask('GET', '/user')).status).toBe(502);
    expect((await ask('GET', '/_sim/faults')).body).toEqual([{ route: 'GET /user', status: 502, hits: 1 }]);
    await ask('DELETE', '/_sim/faults');
    expect((await ask('GET', '/user')).status).toBe(200);
  });

  test('counts requests by route, and can reset the counts', async () => {
    const { ask } = github();
    await ask('GET', RUNS);
    const { requests } = (await ask('GET', '/_sim/world')).body;
    expect(requests[COUNTED]).toMatchObject({ requests: 1 });
    await ask('DELETE', '/_sim/requests');
    expect((await ask('GET', '/_sim/world')).body.requests).toEqual({});
  });
});
