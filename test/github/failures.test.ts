import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { codeOf, githubRig, ORG, REPO, refusalOf } from './github-rig.ts';
import { ScriptedGitHub } from './scripted-github.ts';

let server: ScriptedGitHub;
let github: GitHub;

beforeEach(async () => {
  server = await new ScriptedGitHub().listen();
  const auth = { token: 'ghp_x' };
  github = createGitHub({ apiUrl: `${server.url}/`, auth, clock: systemClock, timeoutMs: 10_000 });
});

afterEach(() => server.close());

const SSO = 'required; url=https://github.com/orgs/octo/sso?authorization_request=x';

describe('a refusal', () => {
  test.each([
    ['401', 401, {}, 'GITHUB_CREDENTIALS_REFUSED', 'github.token'],
    [
      '403 with the permission that is missing',
      403,
      { 'x-accepted-github-permissions': 'administration=write' },
      'GITHUB_PERMISSION_MISSING',
      'administration=write',
    ],
    [
      '403 with the scopes that are missing',
      403,
      { 'x-accepted-oauth-scopes': 'admin:org' },
      'GITHUB_PERMISSION_MISSING',
      'admin:org',
    ],
    [
      '403 because single sign-on is missing',
      403,
      { 'x-github-sso': SSO, 'x-accepted-oauth-scopes': 'repo' },
      'GITHUB_PERMISSION_MISSING',
      'single sign-on',
    ],
    ['403 without a reason', 403, {}, 'GITHUB_PERMISSION_MISSING', 'IP allow list'],
    [
      '403 with a budget left',
      403,
      { 'x-ratelimit-remaining': '12' },
      'GITHUB_PERMISSION_MISSING',
      'IP allow list',
    ],
    ['404', 404, {}, 'GITHUB_NOT_FOUND', 'github.owner'],
    ['410', 410, {}, 'GITHUB_NOT_FOUND', 'github.owner'],
    ['422', 422, {}, 'GITHUB_REQUEST_REFUSED', 'not sent again'],
    ['500', 500, {}, 'GITHUB_ERROR', 'githubstatus.com'],
    ['502', 502, {}, 'GITHUB_ERROR', 'githubstatus.com'],
  ] as const)('is explained: %s', async (_name, status, headers, code, fix) => {
    server.answers({
      status,
      headers: { ...headers, 'x-github-request-id': 'AB:12' },
      json: { message: 'Because', errors: ['of this', { and: 'that' }] },
    });
    const { failure } = await refusalOf(github.listRunners(REPO));
    expect(failure).toMatchObject({ code, retryAt: null });
    expect(failure.message).toContain(fix);
    expect(failure.message).toContain(
      `GitHub answered ${status} to "list the runners of octo/app", GET /repos/octo/app/actions/runners, ` +
        'request AB:12 (Because: of this)',
    );
    expect(server.requests).toHaveLength(1);
  });

  test.each([200, 401, 403, 404, 410, 422, 429, 499, 502, 503])(
    'with status %i that is a page of some proxy is not GitHub’s, and the failure does not quote the page',
    async (status) => {
      const headers = { 'retry-after': '30', 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' };
      const reset = { 'x-ratelimit-reset': '99999999999' };
      server.answers({ status, text: '<html>secret of the proxy</html>', headers: { ...headers, ...reset } });
      for (const call of [
        github.removeRunner(REPO, 7),
        github.findRunner(REPO, 'gh-a-1-1', { id: 7 }),
        github.getJob('a', 'b', 1),
      ]) {
        const { failure } = await refusalOf(call);
        expect(failure).toMatchObject({ code: 'GITHUB_UNREACHABLE', disposition: 'retry' });
        expect(failure.message).toContain(`GitHub cannot be reached`);
        expect(failure.message).not.toContain('secret of the proxy');
      }
      expect(github.pausedUntil('looking for work', systemClock.now())).toBeNull();
    },
  );

  test('in the JSON of a gateway is not taken for GitHub’s', async () => {
    server.answers({ status: 404, json: { error: 'no such upstream' } });
    expect(await codeOf(github.removeRunner(REPO, 7))).toBe('GITHUB_UNREACHABLE');
  });

  test.each([405, 501])(
    '%i of generate-jitconfig means that the server has no JIT runners',
    async (status) => {
      server.answers({ status, json: { message: 'no' } }, { json: { runners: [] } });
      const asked = { name: 'gh-a-1-1', labels: ['macos'], groupId: 1 };
      expect(await codeOf(github.createJitConfig(REPO, asked))).toBe('JIT_UNSUPPORTED');
      expect(github.jitSupported()).toBe(false);
    },
  );
});

describe('a missing response', () => {
  test.each([
    ['a cut connection', 'cut'],
    ['silence', 'hang'],
  ] as const)('is "unreachable": %s', async (_name, reply) => {
    const impatient = createGitHub({
      apiUrl: server.url,
      auth: { token: 'ghp_x' },
      clock: systemClock,
      // A loaded machine can miss a short one.
      timeoutMs: reply === 'hang' ? 200 : 20_000,
    });
    server.answers(reply);
    const { failure } = await refusalOf(impatient.listRunners(REPO));
    expect(failure).toMatchObject({ code: 'GITHUB_UNREACHABLE', disposition: 'retry' });
    expect(failure.message).toContain(reply === 'hang' ? 'no answer in time' : 'UND_ERR_SOCKET');
    expect(server.requests).toHaveLength(1);
  });

  test('from an address on which nothing listens is a failure that says so', async () => {
    await server.close();
    const { failure } = await refusalOf(github.listRunners(REPO));
    expect(failure.message).toContain('ECONNREFUSED');
    server = await new ScriptedGitHub().listen();
  });

  test('is waited for only until the signal aborts, and the call rejects with the reason of the signal', async () => {
    server.answers('hang');
    const controller = new AbortController();
    const call = github.listRunners(REPO, { signal: controller.signal });
    const reason = new Error('the job is over');
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(github.listRunners(REPO, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('an unreadable response', () => {
  test('law 14: one runner that cannot be read fails only the search for that runner', async () => {
    const whole = { id: 7, name: 'gh-a-1-1', status: 'online', busy: false, labels: [{ name: 'x' }, 5] };
    const runners = [{ ...whole, id: 0, name: 'gh-a-2-1' }, null, { ...whole, id: 2 ** 53, name: 8 }, whole];
    server.answers({ json: { total_count: 4, runners } });
    expect(await github.listRunners(REPO)).toMatchObject([{ id: 7, name: 'gh-a-1-1', labels: ['x'] }]);
    expect(await github.findRunner(REPO, 'GH-A-1-1')).toMatchObject({ id: 7 });
    expect((await refusalOf(github.findRunner(REPO, 'gh-a-2-1'))).failure.code).toBe('GITHUB_ERROR');
  });

  test('law 14: one run or job that cannot be read hides none of the others', async () => {
    const job = { id: 5, run_id: 6, status: 'queued', name: 'x', labels: ['macos'] };
    const jobs = [
      { ...job, id: 0 },
      { ...job, id: 2 ** 53 },
      { ...job, labels: Array(101).fill('x') },
      7,
      job,
    ];
    server.answers({ json: { jobs } });
    expect((await github.listRunJobs('octo', 'app', 6)).map(({ jobId }) => jobId)).toEqual([5]);
    server.answers({
      json: {
        workflow_runs: [
          { id: -1, updated_at: 'x' },
          { id: 6, updated_at: '2026' },
        ],
      },
    });
    expect(await github.listActiveRuns('octo', 'app', 'waiting')).toEqual([{ id: 6, updatedAt: '2026' }]);
  });

  test.each([
    ['of another shape', { json: { runners: 'seven' } }],
    ['without a body', {}],
  ])('%s is a failure that is tried again', async (_name, reply) => {
    server.answers(reply);
    expect((await refusalOf(github.listRunners(REPO))).failure).toMatchObject({
      code: 'GITHUB_ERROR',
      disposition: 'retry',
    });
  });

  test('is not kept for a later 304', async () => {
    const headers = { etag: '"1"' };
    server.answers({ headers, json: { wrong: true } }, { headers, json: { runners: [] } });
    await refusalOf(github.listRunners(REPO));
    await github.listRunners(REPO);
    expect(server.requests[1]?.headers['if-none-match']).toBeUndefined();
  });
});

describe('pages of a list', () => {
  const page = (link: string) => ({ json: { runners: [] }, headers: { link } });

  test('are followed by the query of their link only: credentials go to no other host', async () => {
    server.answers(
      page(
        '<https://elsewhere.example/repos/x/y?page=2&per_page=100>; rel="next", <https://z.example>; rel="last"',
      ),
      page('<https://elsewhere.example/repos/x/y?page=1>; rel="prev"'),
    );
    await github.listRunners(REPO);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/repos/octo/app/actions/runners?per_page=100',
      '/repos/octo/app/actions/runners?page=2&per_page=100',
    ]);
  });

  test('without end are a failure after 100 pages', async () => {
    server.answers(page('<https://x.example/?page=2>; rel="next"'));
    expect(await codeOf(github.listRunners(REPO))).toBe('GITHUB_ERROR');
    expect(server.requests).toHaveLength(100);
  });
});

test('names are escaped in the path', async () => {
  server.answers({ json: { runners: [] } });
  await github.listRunners({ kind: 'repository', owner: 'a/b', repository: 'c?d' });
  expect(server.requests[0]?.path).toBe('/repos/a%2Fb/c%3Fd/actions/runners?per_page=100');
});

describe('every request', () => {
  test('asks for the version of the API that we know, and has our user agent', async () => {
    await using rig = await githubRig();
    await rig.github.listRunners(ORG);
    const [sent] = rig.wire;
    expect(sent?.headers.get('x-github-api-version')).toBe('2022-11-28');
    expect(sent?.headers.get('user-agent')).toMatch(/^jeballto-runner/);
  });
});

describe('the address that a runner registers at', () => {
  const at = (apiUrl: string) =>
    createGitHub({ apiUrl, auth: { token: 'x' }, clock: systemClock }).registrationUrl(REPO);

  test.each([
    ['https://api.github.com', 'https://github.com/octo/app'],
    ['https://api.corp.ghe.com/', 'https://corp.ghe.com/octo/app'],
    ['https://ghes.corp.example/api/v3', 'https://ghes.corp.example/octo/app'],
    ['http://127.0.0.1:8080/api/v3', 'http://127.0.0.1:8080/octo/app'],
  ])('belongs to %s', (apiUrl, url) => {
    expect(at(apiUrl)).toBe(url);
  });
});
