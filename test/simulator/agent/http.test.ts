import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { soon } from '../../support/soon.ts';
import { codeOf, IMAGE, rawExchange, servedWorld, TOKEN } from './agent-fixture.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const authorization = `Authorization: Bearer ${TOKEN}\r\n`;

const statusOf = (answer: string) => Number(answer.split(' ')[1]);
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

describe('framing', () => {
  test('every response closes the connection, has a length, and is indented JSON', async () => {
    await using mac = await servedWorld();
    const answer = await rawExchange(mac.server.port, 'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('Connection: close\r\n');
    expect(answer).toMatch(/Content-Length: \d+\r\n/);
    expect(answer).toContain('{\n  "');
  });

  test.each([
    [
      'a chunked body',
      `POST /v1/vms HTTP/1.1\r\n${authorization}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a repeated header', `GET /v1/vms HTTP/1.1\r\n${authorization}X-A: 1\r\nx-a: 2\r\n\r\n`],
    ['a second Content-Length', 'POST /v1/vms HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}'],
    ['a body beyond its length', `POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: 2\r\n\r\n{}{}`],
    ['an escape in the path', `GET /v1/vms/%41 HTTP/1.1\r\n${authorization}\r\n`],
    ['two leading slashes', `GET //v1/vms HTTP/1.1\r\n${authorization}\r\n`],
    ['another HTTP version', `GET /v1/vms HTTP/2\r\n${authorization}\r\n`],
    ['a repeated query key', `GET /v1/vms?limit=1&limit=2 HTTP/1.1\r\n${authorization}\r\n`],
  ])('%s is refused with 400', async (_what, request) => {
    await using mac = await servedWorld();
    const answer = await rawExchange(mac.server.port, request);
    expect(statusOf(answer)).toBe(400);
    expect(codeOf(bodyOf(answer))).toBe('INVALID_REQUEST');
  });

  test('a body above 1 MiB is 413, a head above 64 KiB is 431', async () => {
    await using mac = await servedWorld();
    const long = `POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: 1048577\r\n\r\n`;
    expect(statusOf(await rawExchange(mac.server.port, long))).toBe(413);
    const wide = `GET /v1/health HTTP/1.1\r\nX-Wide: ${'x'.repeat(70_000)}\r\n\r\n`;
    expect(statusOf(await rawExchange(mac.server.port, wide))).toBe(431);
  });

  test('a request that does not arrive completely is dropped without a response', async () => {
    await using mac = await servedWorld({}, { receiveMs: 30 });
    expect(await rawExchange(mac.server.port, 'GET /v1/health HTTP/1.1\r\n')).toBe('');
  });

  test('connections above the limit get 429, and their requests are not read', async () => {
    await using mac = await servedWorld({}, { maxConnections: 1 });
    const holder = connect(mac.server.port, '127.0.0.1');
    await soon(async () => {
      const { status, body } = await mac.call('GET', '/health');
      expect([status, codeOf(body)]).toEqual([429, 'TOO_MANY_REQUESTS']);
    });
    holder.destroy();
    await soon(async () => expect((await mac.call('GET', '/health')).status).toBe(200));
  });

  test('the work goes on when the client only closed its side of the connection', async () => {
    await using mac = await servedWorld({ latencies: { pull: 40 } });
    const body = JSON.stringify({ name: 'late', image: IMAGE });
    const socket = connect(mac.server.port, '127.0.0.1');
    socket.end(`POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`);
    socket.on('data', () => socket.destroy());
    await soon(async () => {
      expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 1 });
    });
  });

  test('a reset connection undoes a create', async () => {
    await using mac = await servedWorld({ latencies: { pull: 60_000 } });
    const body = JSON.stringify({ name: 'gone', image: IMAGE });
    const socket = connect(mac.server.port, '127.0.0.1');
    socket.write(`POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`);
    await soon(() => expect(mac.world.pulls.size).toBe(1));
    socket.resetAndDestroy();
    const [pull] = [...mac.world.pulls.values()];
    await soon(() => expect(pull?.status).toBe('cancelled'));
    expect(mac.world.vms.size).toBe(0);
  });
});

describe('the order of checks', () => {
  test('a missing or wrong token is 401 also for unknown paths, and health needs no token', async () => {
    await using mac = await servedWorld();
    for (const token of ['', 'wrong']) {
      const { status, body } = await mac.call('GET', '/nowhere', undefined, token);
      expect([status, codeOf(body)]).toEqual([401, 'UNAUTHORIZED']);
    }
    expect((await mac.call('GET', '/health', undefined, '')).status).toBe(200);
    expect((await mac.call('POST', '/health', undefined, '')).status).toBe(405);
    expect((await mac.call('GET', '/nowhere')).status).toBe(404);
    expect((await mac.call('GET', '/auth/verify')).body).toEqual({ status: 'ok' });
  });

  test('the config is that of a newly installed agent', async () => {
    await using mac = await servedWorld();
    const { body } = await mac.call('GET', '/config');
    expect(body).toMatchObject({ logging: { maxTotalSize: '2GB', retentionDays: 7 } });
  });

  test('405 lists the allowed methods in alphabetical order, and a trailing slash makes another path', async () => {
    await using mac = await servedWorld();
    const { status, headers } = await mac.call('PUT', `/vms/${UNKNOWN}`);
    expect([status, headers.get('allow')]).toEqual([405, 'DELETE, GET, PATCH']);
    expect((await mac.call('GET', '/vms/')).status).toBe(404);
  });

  test('maintenance refuses every change, also on unknown routes, and no read', async () => {
    await using mac = await servedWorld();
    mac.world.maintenance = true;
    for (const [method, path] of [
      ['POST', '/vms'],
      ['DELETE', '/nowhere'],
      ['PATCH', '/vms/x'],
    ] as const) {
      const { status, body } = await mac.call(method, path);
      expect([status, codeOf(body)]).toEqual([503, 'MAINTENANCE_IN_PROGRESS']);
    }
    for (const [method, path] of [
      ['DELETE', '/vms?confirm=true'],
      ['DELETE', '/images?confirm=true'],
    ] as const) {
      const { status, body } = await mac.call(method, path);
      expect([status, codeOf(body)]).toEqual([409, 'MAINTENANCE_IN_PROGRESS']);
    }
    expect((await mac.call('GET', '/vms')).status).toBe(200);
  });

  test('path id, body, JSON, fields, capability, gate and existence are checked in this order', async () => {
    await using mac = await servedWorld({ unavailableFeatures: ['macOSVirtualization'] });
    const check = async (method: string, path: string, body?: unknown) => {
      const answer = await mac.call(method, path, body);
      return [answer.status, codeOf(answer.body)];
    };
    expect(await check('PATCH', '/vms/not-a-uuid')).toEqual([400, 'INVALID_ID']);
    expect(await check('PATCH', `/vms/${UNKNOWN}`)).toEqual([400, 'INVALID_REQUEST']);
    expect(await check('PATCH', `/vms/${UNKNOWN}`, '{')).toEqual([400, 'INVALID_REQUEST']);
    expect(await check('PATCH', `/vms/${UNKNOWN}`, { name: null })).toEqual([400, 'INVALID_REQUEST']);
    expect(await check('PATCH', `/vms/${UNKNOWN}`, { name: 'x' })).toEqual([404, 'NOT_FOUND']);
    expect(await check('POST', `/vms/${UNKNOWN}/start`)).toEqual([409, 'CAPABILITY_UNAVAILABLE']);
    expect(await check('DELETE', `/vms/${UNKNOWN}?force=1`)).toEqual([400, 'INVALID_QUERY_PARAMETER']);
    expect(await check('DELETE', `/vms/${UNKNOWN}?force=TRUE`)).toEqual([404, 'NOT_FOUND']);
    expect(await check('GET', `/vms/${UNKNOWN}/events?limit=0`)).toEqual([400, 'INVALID_QUERY_PARAMETER']);
    expect(await check('GET', `/vms/${UNKNOWN}/events`)).toEqual([404, 'NOT_FOUND']);
  });

  test('a busy gate is reported before a missing VM', async () => {
    await using mac = await servedWorld();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holding = mac.world.gate.holding(UNKNOWN, 'start', () => held);
    const { status, body } = await mac.call('DELETE', `/vms/${UNKNOWN}?force=true`);
    expect([status, codeOf(body)]).toEqual([409, 'INVALID_STATE']);
    release();
    await holding;
  });
});
