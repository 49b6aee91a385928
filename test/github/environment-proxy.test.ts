import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { environmentProxy, ProxyVariableError } from '../../src/github/access/environment-proxy.ts';
import { createGitHub } from '../../src/github/github.ts';
import { REPO, refusalOf } from './github-rig.ts';
import { ScriptedGitHub } from './scripted-github.ts';

/** An address that only the proxy can resolve. */
const API = 'http://github.invalid';

const named = (url: string, env: Record<string, string>) => {
  const proxy = environmentProxy(url, env);
  return proxy && [proxy.variable, proxy.origin];
};

describe('the proxy of the environment', () => {
  const https = 'https://api.github.com';
  const one = 'http://one:3128';
  const two = 'http://two:3128';

  test.each<[Record<string, string>, string, string[] | null]>([
    [{}, https, null],
    [{ HTTPS_PROXY: one }, https, ['HTTPS_PROXY', one]],
    [{ https_proxy: one, HTTPS_PROXY: two }, https, ['https_proxy', one]],
    [{ https_proxy: '', HTTPS_PROXY: two }, https, ['HTTPS_PROXY', two]],
    [{ HTTP_PROXY: one }, https, ['HTTP_PROXY', one]],
    [{ HTTP_PROXY: one, HTTPS_PROXY: two }, https, ['HTTPS_PROXY', two]],
    [{ HTTP_PROXY: one, HTTPS_PROXY: two }, 'http://ghes/api/v3', ['HTTP_PROXY', one]],
    [{ HTTPS_PROXY: one }, 'http://ghes/api/v3', null],
    [{ HTTPS_PROXY: 'one:3128' }, https, ['HTTPS_PROXY', one]],
    [{ HTTPS_PROXY: 'http://user:secret@one:3128/' }, https, ['HTTPS_PROXY', one]],
    [{ HTTPS_PROXY: one, NO_PROXY: 'github.com' }, https, null],
    [{ HTTPS_PROXY: one, no_proxy: 'x, *.GitHub.com:443' }, https, null],
    [{ HTTPS_PROXY: one, NO_PROXY: 'github.com:80' }, https, ['HTTPS_PROXY', one]],
    [{ HTTPS_PROXY: one, NO_PROXY: 'hub.com,127.0.0.1' }, https, ['HTTPS_PROXY', one]],
    [{ HTTPS_PROXY: one, NO_PROXY: '*' }, https, null],
  ])('from %j for %s is %j', (env, url, proxy) => {
    expect(named(url, env)).toEqual(proxy);
  });

  test.each(['http://', 'socks5://one:1080'])(
    'cannot be %s, and the failure does not repeat the value',
    (value) => {
      expect(() => environmentProxy(https, { HTTPS_PROXY: `${value}` })).toThrow(ProxyVariableError);
      expect(() => environmentProxy(https, { HTTPS_PROXY: `${value}` })).toThrow(
        /^is not the address of a proxy/,
      );
    },
  );
});

describe('GitHub behind a proxy', () => {
  let github: ScriptedGitHub;
  let proxy: Server;
  /** What the proxy was asked to connect to. */
  let connected: string[];
  /** What it returns instead of connecting. */
  let refusal: string | null;
  let env: Record<string, string>;

  beforeEach(async () => {
    github = await new ScriptedGitHub().listen();
    connected = [];
    refusal = null;
    proxy = createServer((request, response) => {
      connected.push(`plain ${request.url}`);
      response.writeHead(400).end();
    });
    proxy.on('connect', (request, socket) => {
      connected.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
      if (refusal !== null) return void socket.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
      const onward = connect(Number(new URL(github.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    env = { http_proxy: `http://user:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  });

  afterEach(async () => {
    await github.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const client = () =>
    createGitHub({
      apiUrl: API,
      auth: { token: 'ghp_x' },
      clock: systemClock,
      timeoutMs: 5_000,
      proxy: environmentProxy(API, env),
    });

  test('gets reads and changes through the proxy', async () => {
    github.answers({ json: { runners: [] } }, { status: 204 });
    const through = client();
    expect(await through.listRunners(REPO)).toEqual([]);
    expect(await through.removeRunner(REPO, 5)).toBe('removed');
    expect(github.requests.map(({ method }) => method)).toEqual(['GET', 'DELETE']);
    expect(github.requests[0]?.headers.authorization).toBe('token ghp_x');
    const login = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(new Set(connected)).toEqual(new Set([`github.invalid:80 ${login}`]));
  });

  test('gets requests directly when NO_PROXY excludes it', async () => {
    env.NO_PROXY = 'github.invalid';
    const { failure } = await refusalOf(client().listRunners(REPO));
    expect(failure.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(connected).toEqual([]);
  });

  test('that the proxy refuses to reach is a failure with the proxy’s address and without its password', async () => {
    refusal = '403 Forbidden';
    const { failure } = await refusalOf(client().listRunners(REPO));
    expect(failure).toMatchObject({ code: 'GITHUB_UNREACHABLE', disposition: 'retry' });
    expect(failure.message).toContain('the proxy refused to connect, with 403');
    expect(failure.message).toMatch(/the proxy http:\/\/127\.0\.0\.1:\d+ of http_proxy/);
    expect(failure.message).not.toContain('secret');
  });

  test('is unreachable when the proxy is gone, and the failure names the proxy', async () => {
    proxy.close();
    const { failure } = await refusalOf(client().listRunners(REPO));
    expect(failure.message).toMatch(/ECONNREFUSED.*of http_proxy/);
  });
});

test('a certificate of an unknown CA is a failure that names NODE_EXTRA_CA_CERTS', async () => {
  const cause = Object.assign(new Error('self-signed'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
  const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
  const github = createGitHub({ apiUrl: API, auth: { token: 'ghp_x' }, clock: systemClock, fetch });
  expect((await refusalOf(github.listRunners(REPO))).message).toContain('NODE_EXTRA_CA_CERTS');
});
