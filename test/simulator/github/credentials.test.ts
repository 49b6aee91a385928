import { generateKeyPairSync } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { describe, expect, test } from 'vitest';
import type { GitHubSettings } from '../../../src/simulator/github/options.ts';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { github, jitBody, REPOSITORY, RUNNERS, RUNS, servedGitHub } from './github-fixture.ts';

describe('credentials', () => {
  const tokens = {
    classic: { scopes: ['repo'] },
    poor: { scopes: ['read:user'] },
    fine: { permissions: { actions: 'read', administration: 'read' } },
    elsewhere: { permissions: { actions: 'read' }, repositories: ['octo/other'] },
  } as const;

  test.each([
    ['no token', null, 401, 'Requires authentication'],
    ['an unknown one', 'unknown', 401, 'Bad credentials'],
    ['a classic one with the scope', 'classic', 200, undefined],
    ['a classic one without it', 'poor', 404, 'Not Found'],
    ['a fine-grained one with the permission', 'fine', 200, undefined],
    ['one for another repository', 'elsewhere', 404, 'Not Found'],
  ])('%s', async (_name, token, status, message) => {
    const answer = await github({ tokens }).ask('GET', RUNS, undefined, { token });
    expect(answer).toMatchObject({
      status,
      ...(message ? { body: { message, status: String(status) } } : {}),
    });
  });

  test('a fine-grained token without a permission gets the name of the permission', async () => {
    const answer = await github({ tokens }).ask('POST', `${RUNNERS}/registration-token`, undefined, {
      token: 'fine',
    });
    expect(answer).toMatchObject({
      status: 403,
      body: { message: 'Resource not accessible by personal access token' },
    });
    expect(answer.headers.get('x-accepted-github-permissions')).toBe('administration=write');
  });

  test('a classic token gets its scopes in the response', async () => {
    const { headers, body } = await github({ tokens }).ask('GET', '/user', undefined, { token: 'classic' });
    expect(headers.get('x-oauth-scopes')).toBe('repo');
    expect(body.login).toBe('octocat');
  });
});

describe('an App', () => {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const permissions = { actions: 'read', administration: 'write' } as const;
  const app = {
    id: 7,
    slug: 'runners',
    publicKey: keys.publicKey,
    permissions,
    installations: { 42: 'octo' },
  };
  const served = async (privateKey: string, settings: GitHubSettings = {}) => {
    const started = await servedGitHub({ app, ...settings });
    ensureRepository(started.world, REPOSITORY);
    const auth = { appId: 7, privateKey, installationId: 42 };
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const octokit = new Octokit({ baseUrl: started.url, authStrategy: createAppAuth, auth, log });
    return { ...started, octokit };
  };

  test('gets tokens of its installation through GitHub’s own client, and works with them', async () => {
    await using started = await served(keys.privateKey);
    const { octokit } = started;
    const owner = { owner: 'octo', repo: 'app' };
    expect((await octokit.rest.actions.listWorkflowRunsForRepo(owner)).data.total_count).toBe(0);
    const made = await octokit.rest.actions.generateRunnerJitconfigForRepo({
      ...owner,
      ...jitBody('mac'),
      labels: ['x'],
    });
    expect(made.headers['x-accepted-github-permissions']).toBe('administration=write');
    expect((await octokit.rest.apps.getAuthenticated()).data).toMatchObject({ id: 7, permissions });
    expect((await octokit.rest.apps.getRepoInstallation(owner)).data.id).toBe(42);
    expect((await octokit.rest.apps.getInstallation({ installation_id: 42 })).data.app_slug).toBe('runners');
    await expect(octokit.rest.apps.getRepoInstallation({ owner: 'a', repo: 'b' })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('with another key is refused', async () => {
    const stranger = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    await using started = await served(stranger.privateKey);
    await expect(started.octokit.rest.apps.getAuthenticated()).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining('A JSON web token could not be decoded'),
    });
  });

  test('has tokens that end after an hour and may have fewer rights than the App', async () => {
    const { ask, clock } = github({ app: { ...app, publicKey: null } });
    const now = clock.now() / 1000;
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const jwt = (claims: object) =>
      `${part({ alg: 'RS256' })}.${part({ iat: now, exp: now + 500, iss: 7, ...claims })}.x`;
    const issue = (body?: object, claims: object = {}) =>
      ask('POST', '/app/installations/42/access_tokens', body, { token: jwt(claims) });
    const made = await issue({ permissions: { actions: 'read' }, repositories: ['app'] });
    expect(made).toMatchObject({
      status: 201,
      body: { repository_selection: 'selected', permissions: { actions: 'read' } },
    });
    const { token } = made.body;
    expect((await ask('GET', RUNS, undefined, { token })).status).toBe(200);
    expect((await ask('POST', `${RUNNERS}/registration-token`, undefined, { token })).status).toBe(403);
    expect((await issue({ permissions: { issues: 'write' } })).status).toBe(422);
    expect((await issue({ repositories: ['nothing'] })).status).toBe(422);
    expect((await issue(undefined, { exp: now - 1 })).body.message).toContain("'Expiration time' claim");
    expect((await issue(undefined, { exp: now + 3_600 })).body.message).toContain('too far in the future');
    expect((await issue(undefined, { iat: now + 3_600 })).body.message).toContain("'Issued at' claim");
    await clock.pass(3_600_000);
    expect((await ask('GET', RUNS, undefined, { token })).status).toBe(401);
  });
});
