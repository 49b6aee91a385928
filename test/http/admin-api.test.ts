import { Ajv2020 } from 'ajv/dist/2020.js';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import { StagedDaemon } from '../page/staged-daemon.ts';

let daemon: StagedDaemon;
beforeEach(async () => {
  daemon = await StagedDaemon.start();
});
afterEach(() => daemon.close());

const get = async (path: string) => (await fetch(`${daemon.url}${path}`)).json();

interface OpenApi {
  paths: Record<
    string,
    Record<string, { responses: { 200: { content: Record<string, { schema: object }> } } }>
  >;
}

describe('the OpenAPI description', () => {
  test('matches the responses', async () => {
    daemon.host('mini-1', [{ name: 'stranger', state: 'running', ours: false }]);
    const failed = daemon.queue(11);
    daemon.next(failed);
    daemon.fail(failed, 'IMAGE_INVALID', 'The image asks for too much.');
    const waits = daemon.queue(12);
    daemon.next(waits);
    daemon.fail(waits, 'HOST_UNREACHABLE', 'It did not answer.');
    daemon.queue(13);
    daemon.send(daemon.queue(14), { type: 'operator.cancelled', by: 'ada' });
    await daemon.store.durable();
    const { paths } = (await get('/api/openapi.json')) as OpenApi;
    const ajv = new Ajv2020({ strict: false });
    let checked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      const schema = methods.get?.responses[200].content['application/json']?.schema;
      if (!schema) continue;
      for (const id of path.includes('{id}') ? [11, 12, 13, 14] : ['']) {
        const answer = await get(path.replace('{id}', String(id)));
        const isRight = ajv.validate(schema, answer);
        expect(isRight, `${path} ${id}: ${ajv.errorsText()} in ${JSON.stringify(answer).slice(0, 300)}`).toBe(
          true,
        );
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(20);
  });

  test('has every route that is served, and no other', async () => {
    const { paths } = (await get('/api/openapi.json')) as OpenApi;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const app = createAdminApp({
      source: { recording: {} } as never,
      tokens: () => ({}),
      clock: {} as never,
    });
    const served = app.routes
      .filter(({ path, method }) => path.startsWith('/api/') && method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toEqual([...new Set(served)].sort());
  });
});

test('the status and the metrics have what is left of GitHub’s budget for each purpose', async () => {
  daemon.limits.note(
    {
      ...{ 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '300' },
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 600),
    },
    Date.now(),
  );
  for (const path of ['/api/status', '/api/sources']) {
    expect(await get(path)).toMatchObject({
      poller: {
        budgets: [
          { purpose: 'teardown', left: 300, pausedUntil: null },
          { purpose: 'serving jobs', left: 51, pausedUntil: null },
          { purpose: 'rechecks', left: 0, pausedUntil: expect.any(Number) },
          { purpose: 'looking for work', left: 0, pausedUntil: expect.any(Number) },
        ],
      },
    });
  }
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
  const figure = (name: string, purpose: string) =>
    Number(new RegExp(`^jeballto_runner_${name}{purpose="${purpose}"} (.+)$`, 'm').exec(metrics)?.[1]);
  expect(figure('github_calls_left', 'looking for work')).toBe(0);
  expect(figure('github_calls_left', 'teardown')).toBe(300);
  expect(figure('github_paused_seconds', 'looking for work')).toBeGreaterThan(590);
  expect(figure('github_paused_seconds', 'teardown')).toBe(0);
});

describe('the admin listener', () => {
  const status = async (path: string, headers: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET') =>
    (await request(`${daemon.url}${path}`, { method, headers })).statusCode;

  test('refuses a Host header with a foreign name, for page and API', async () => {
    for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test:80', '']) {
      expect(await status('/api/jobs', { host }), host).toBe(403);
      expect(await status('/', { host }), host).toBe(403);
    }
    for (const host of ['localhost', '127.0.0.1:9091', '[::1]:9091']) {
      expect(await status('/api/jobs', { host }), host).toBe(200);
    }
  });

  test('refuses every request from a page of another origin', async () => {
    daemon.queue(5);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.test' },
      { origin: 'http://127.0.0.1:1' },
      { origin: 'null' },
    ]) {
      expect(await status('/api/jobs/5/cancel', headers as never, 'POST'), JSON.stringify(headers)).toBe(403);
      expect(await status('/api/jobs', headers as never)).toBe(403);
      expect(await status('/metrics', headers as never)).toBe(403);
    }
    expect(daemon.state('5')).toBe('queued');
    expect(await status('/api/jobs/5/cancel', { 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(200);
    expect(daemon.state('5')).toBe('over');
  });

  test('with a token serves without it only the page, which has no data, and the health checks', async () => {
    const guarded = await StagedDaemon.start('s3cret-admin-token');
    const ask = async (path: string, authorization?: string) =>
      (await fetch(`${guarded.url}${path}`, authorization ? { headers: { authorization } } : {})).status;
    for (const path of [
      '/api/jobs',
      '/api/state',
      '/api/events',
      '/api/openapi.json',
      '/metrics',
      '/api/nothing',
    ]) {
      expect(await ask(path), path).toBe(401);
      expect(await ask(path, 'Bearer wrong'), path).toBe(401);
      expect(await ask(path, 's3cret-admin-toke'), path).toBe(401);
    }
    for (const path of ['/', '/page/app.js', '/lib/lit-html/lit-html.js', '/healthz', '/readyz']) {
      expect(await ask(path), path).toBe(200);
    }
    expect(await ask('/api/jobs', 'Bearer s3cret-admin-token')).toBe(200);
    for (const path of ['/healthz', '/readyz']) {
      const told = async (headers: Record<string, string>) =>
        Object.keys((await (await fetch(`${guarded.url}${path}`, { headers })).json()) as object);
      expect(await told({})).not.toContain('reasons');
      expect(await told({ authorization: 'Bearer s3cret-admin-token' })).toContain('reasons');
    }
    await guarded.close();
  });

  test('gives a token that only reads the page, the API and the metrics, but no order and no evidence file', async () => {
    const guarded = await StagedDaemon.start('s3cret-admin-token', { readToken: 'a-read-token' });
    const key = guarded.queue(5);
    const ask = async (path: string, token: string, method = 'GET') => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${guarded.url}${path}`, { method, headers });
      const body = await response.text();
      return {
        status: response.status,
        message: body.startsWith('{') ? JSON.parse(body).message : undefined,
      };
    };
    for (const path of ['/api/jobs', '/api/jobs/5', '/api/jobs/5/journal', '/api/status', '/metrics', '/']) {
      expect(await ask(path, 'a-read-token'), path).toMatchObject({ status: 200 });
    }
    const orders = [
      '/api/jobs/5/cancel',
      '/api/jobs/5/retry',
      '/api/records/5/forget',
      '/api/hosts/mini-1/cordon',
      '/api/hosts/mini-1/uncordon',
      '/api/hosts/mini-1/drain',
      '/api/collect',
      '/api/collect?dryRun=true',
    ];
    for (const path of orders) {
      const message = 'This token only reads: orders need admin.token.';
      expect(await ask(path, 'a-read-token', 'POST'), path).toEqual({ status: 403, message });
    }
    expect(guarded.state(key)).toBe('queued');
    const message = 'This token only reads: evidence files, logs and screens of VMs need admin.token.';
    expect(await ask('/api/jobs/5/evidence', 'a-read-token')).toEqual({ status: 403, message });
    expect(await ask('/api/jobs/5/evidence', 's3cret-admin-token')).toMatchObject({ status: 200 });
    const roleFor = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return ((await (await fetch(`${guarded.url}/api/state`, { headers })).json()) as { role: string }).role;
    };
    expect([await roleFor('a-read-token'), await roleFor('s3cret-admin-token')]).toEqual([
      'reader',
      'operator',
    ]);
    expect(
      Object.keys(
        (await (
          await fetch(`${guarded.url}/readyz`, { headers: { authorization: 'Bearer a-read-token' } })
        ).json()) as object,
      ),
    ).toContain('scopes');
    await guarded.close();
  });

  test('serves only the files of the page', async () => {
    for (const path of [
      '/page/..%2fapp.js',
      '/page/%2e%2e/main.ts',
      '/lib/lit-html/../package.json',
      '/lib/lit-html/package.json',
      '/page/app.js.map',
    ]) {
      expect(await status(path), path).toBeGreaterThanOrEqual(404);
    }
  });

  test('sends the page with a policy that allows no inline code and no other origin', async () => {
    const { headers } = await fetch(daemon.url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test('serves its counts as metrics with our own names', async () => {
    const key = daemon.queue(21);
    daemon.next(key);
    daemon.fail(key, 'IMAGE_INVALID', 'No.');
    daemon.send(daemon.queue(22), { type: 'operator.cancelled', by: 'ada' });
    const text = await (await fetch(`${daemon.url}/metrics`)).text();
    expect(text).toContain(
      'jeballto_runner_jobs_total{outcome="cancelled",blame="operator",cause="OPERATOR_CANCELLED"} 1',
    );
    expect(text).toContain('jeballto_runner_failures_total{code="IMAGE_INVALID",blame="image"} 1');
    expect(text).toContain('jeballto_runner_jobs{state="tearingDown"} 1');
    expect(text).toContain('jeballto_runner_oldest_queued_job_age_seconds{profile="macos-15"} 0');
    expect(text).toMatch(/jeballto_runner_job_phase_duration_seconds_count\{phase="creating"\} 1/);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  test('counts the end of a job that nobody saw, without blame', async () => {
    const key = daemon.queue(23);
    for (let n = 0; n < 12 && !daemon.state(key).startsWith('running'); n += 1) daemon.next(key);
    daemon.send(key, { type: 'job.started' });
    daemon.send(key, { type: 'job.completed', conclusion: 'failure', here: true });
    daemon.send(key, { type: 'vm.vanished' });
    const text = await (await fetch(`${daemon.url}/metrics`)).text();
    expect(text).toContain('jeballto_runner_failures_total{code="END_UNSEEN",blame=""} 1');
  });
});
