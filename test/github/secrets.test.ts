import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { DaemonError } from '../../src/errors.ts';
import type { GitHubAuth } from '../../src/github/access/connect-octokit.ts';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { REPO, refusalOf } from './github-rig.ts';
import { ScriptedGitHub, type ScriptedReply } from './scripted-github.ts';

const TOKEN = 'ghp_SECRETtokenSECRETtoken';
const BLOB = Buffer.from('{".credentials_rsaparams":"SECRET"}').toString('base64');
const REGISTRATION = 'AAAASECRETregistrationSECRET';
const INSTALLATION = 'ghs_SECRETinstallationSECRET';
const SECRETS = [TOKEN, BLOB, REGISTRATION, INSTALLATION, 'SECRET'];
const JIT = { name: 'gh-a-1-1', labels: ['macos'], groupId: 1 };

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

let server: ScriptedGitHub;
let logged: string[];

beforeEach(async () => {
  server = await new ScriptedGitHub().listen();
  logged = [];
});

afterEach(() => server.close());

function connectedAs(auth: GitHubAuth): GitHub {
  const write = (...told: unknown[]) => void logged.push(inspect(told, { depth: null, showHidden: true }));
  const log = { debug: write, warn: write };
  return createGitHub({ apiUrl: server.url, auth, clock: systemClock, log, timeoutMs: 300 });
}

/** Everything that a log, a journal or a crash could show of an error, with its hidden parts and causes. */
function everythingOf(error: DaemonError): string {
  const chain = [];
  for (let one: unknown = error; one !== undefined; one = (one as { cause?: unknown }).cause) {
    chain.push(String(one), JSON.stringify(one), inspect(one, { depth: null, showHidden: true }));
  }
  return [...chain, JSON.stringify(error.failure), error.stack ?? ''].join('\n');
}

function expectNoSecret(text: string, ...more: string[]): void {
  expect([...SECRETS, ...more].filter((secret) => text.includes(secret))).toEqual([]);
}

const REPLIES: [string, ScriptedReply | 'cut' | 'hang'][] = [
  ...[400, 401, 403, 404, 409, 422, 429, 500].map((status): [string, ScriptedReply] => [
    `a ${status} that carries what was asked and made`,
    { status, json: { message: 'no', request: JIT, encoded_jit_config: BLOB, token: REGISTRATION } },
  ]),
  ['a page of a proxy', { status: 502, text: `<html>${BLOB} ${REGISTRATION} ${TOKEN}</html>` }],
  ['a redirection', { status: 302, headers: { location: `/?token=${TOKEN}` } }],
  ['a success without the runner’s id', { status: 201, json: { runner: {}, encoded_jit_config: BLOB } }],
  ['a success whose token never ends', { status: 201, json: { token: REGISTRATION, expires_at: 7 } }],
  ['a success that is not JSON', { status: 201, text: `${BLOB} ${REGISTRATION}` }],
  ['a cut connection', 'cut'],
  ['silence', 'hang'],
];

describe('no error and no log line holds a secret', () => {
  test.each(REPLIES)('after %s', async (_name, reply) => {
    server.answers(reply);
    const calls: ((github: GitHub) => Promise<unknown>)[] = [
      (github) => github.createJitConfig(REPO, JIT),
      (github) => github.createRegistrationToken(REPO),
      (github) => github.removeRunner(REPO, 1),
      (github) => github.listRunners(REPO),
    ];
    for (const call of calls) {
      // A new adapter for each call: a pause from one response would keep the next call from being sent.
      const end = await call(connectedAs({ token: TOKEN })).catch((reason: unknown) => reason);
      if (end instanceof DaemonError) expectNoSecret(everythingOf(end));
      else expect(end).not.toBeInstanceOf(Error);
    }
    expect(server.requests.every(({ headers }) => headers.authorization === `token ${TOKEN}`)).toBe(true);
    expectNoSecret(logged.join('\n'));
  });

  test('after a token that no header can hold, which fetch would quote in its error', async () => {
    const error = await refusalOf(connectedAs({ token: `${TOKEN}\nSECRET\u0007` }).listRunners(REPO));
    expect(error.failure).toMatchObject({ code: 'GITHUB_UNREACHABLE' });
    expect(error.message).toContain('wrong characters in the token');
    expectNoSecret(everythingOf(error));
  });

  test.each([
    ['refused', { status: 401, json: { message: 'A JSON web token could not be decoded' } }],
    ['answered in a shape of its own', { status: 201, json: { token: INSTALLATION } }],
    ['cut off', 'cut'],
  ] as const)('when the token of an installation is %s', async (_name, reply) => {
    server.answers(reply);
    const auth = { appId: 7, privateKey, installationId: 42 };
    const error = await connectedAs(auth)
      .listRunners(REPO)
      .catch((reason: unknown) => reason);
    if (!(error instanceof DaemonError)) throw error;
    const signature = server.requests[0]?.headers.authorization?.split(' ')[1] ?? 'nothing was signed';
    expect(signature).toMatch(/^eyJ/);
    expectNoSecret(everythingOf(error), signature, privateKey.slice(-80, -40));
    expectNoSecret(logged.join('\n'), signature);
  });

  test.each([
    ['is not PEM', 'MIISECRETkey'],
    ['has a damaged middle', privateKey.replace(/\n[^\n]+\n/, '\nSECRET!\n')],
  ])('when the App’s key %s', async (_name, key) => {
    const auth = { appId: 7, privateKey: key, installationId: 42 };
    const error = await refusalOf(connectedAs(auth).listRunners(REPO));
    expect(error.failure.code).toBe('GITHUB_CREDENTIALS_REFUSED');
    expectNoSecret(everythingOf(error), privateKey.slice(-80, -40));
    expect(server.requests).toEqual([]);
  });
});

test('the search of this test finds a secret when there is one', () => {
  const leak = new DaemonError('UNEXPECTED', 'no', { cause: Object.assign(new Error('x'), { body: BLOB }) });
  expect(() => expectNoSecret(everythingOf(leak))).toThrow();
});
