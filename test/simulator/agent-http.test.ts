import { connect } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { codeOf, IMAGE, rawExchange, servedWorld, TOKEN } from './agent-fixture.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const authorization = `Authorization: Bearer ${TOKEN}\r\n`;

const statusOf = (answer: string) => Number(answer.split(' ')[1]);
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

type Served = Awaited<ReturnType<typeof servedWorld>>;

async function create(mac: Served, more: Record<string, unknown> = {}) {
  const { status, body } = await mac.call('POST', '/vms', { name: 'vm', image: IMAGE, ...more });
  expect(status).toBe(201);
  return body as { id: string; state: string };
}

describe('framing', () => {
  test('every answer closes the connection, has a length, and is pretty JSON', async () => {
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

  test('a request that does not arrive whole is dropped without an answer', async () => {
    await using mac = await servedWorld({}, { receiveMs: 30 });
    expect(await rawExchange(mac.server.port, 'GET /v1/health HTTP/1.1\r\n')).toBe('');
  });

  test('connections above the cap get 429 unread', async () => {
    await using mac = await servedWorld({}, { maxConnections: 1 });
    const holder = connect(mac.server.port, '127.0.0.1');
    await vi.waitFor(async () => {
      const { status, body } = await mac.call('GET', '/health');
      expect([status, codeOf(body)]).toEqual([429, 'TOO_MANY_REQUESTS']);
    });
    holder.destroy();
    await vi.waitFor(async () => expect((await mac.call('GET', '/health')).status).toBe(200));
  });

  test('work goes on for a client that closed its side after the request', async () => {
    await using mac = await servedWorld({ latencies: { pull: 40 } });
    const body = JSON.stringify({ name: 'late', image: IMAGE });
    const socket = connect(mac.server.port, '127.0.0.1');
    socket.end(`POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`);
    socket.on('data', () => socket.destroy());
    await vi.waitFor(async () => {
      expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 1 });
    });
  });

  test('a reset connection undoes a create', async () => {
    await using mac = await servedWorld({ latencies: { pull: 60_000 } });
    const body = JSON.stringify({ name: 'gone', image: IMAGE });
    const socket = connect(mac.server.port, '127.0.0.1');
    socket.write(`POST /v1/vms HTTP/1.1\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`);
    await vi.waitFor(() => expect(mac.world.images.pulls.size).toBe(1));
    socket.resetAndDestroy();
    const [pull] = [...mac.world.images.pulls.values()];
    await vi.waitFor(() => expect(pull?.status).toBe('cancelled'));
    expect(mac.world.vms.size).toBe(0);
  });
});

describe('the order of checks', () => {
  test('a missing or wrong token is 401 before an unknown path is 404, and health needs none', async () => {
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

  test('405 names the allowed methods, and a trailing slash is another path', async () => {
    await using mac = await servedWorld();
    const { status, headers } = await mac.call('PUT', `/vms/${UNKNOWN}`);
    expect([status, headers.get('allow')]).toEqual([405, 'GET, PATCH, DELETE']);
    expect((await mac.call('GET', '/vms/')).status).toBe(404);
  });

  test('maintenance refuses every change, unknown routes included, and no read', async () => {
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
    expect((await mac.call('GET', '/vms')).status).toBe(200);
  });

  test('path id, body, JSON, fields, capability, gate, existence come in this order', async () => {
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

  test('a gate that is held answers before existence is asked', async () => {
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

describe('VMs', () => {
  test('show some unset fields as null and leave the network’s out; ids are capitals, times whole seconds', async () => {
    await using mac = await servedWorld({ latencies: { nat: 60_000 } });
    const vm = await create(mac);
    expect(vm).toEqual({
      id: expect.stringMatching(/^[0-9A-F-]{36}$/),
      name: 'vm',
      state: 'stopped',
      ephemeral: false,
      resources: { cpuCount: 4, memorySize: 8 * 1024 ** 3, diskSize: 64 * 1024 ** 3 },
      network: { macAddress: expect.stringMatching(/^02(?::[0-9a-f]{2}){5}$/) },
      guiOpen: false,
      uptime: null,
      lifetimeSeconds: null,
      expiresAt: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updatedAt: expect.stringMatching(/Z$/),
    });
    expect((await mac.call('GET', `/vms/${vm.id.toLowerCase()}`)).body).toEqual(vm);
  });

  test('may share a name, and lists page through them in the order of creation', async () => {
    await using mac = await servedWorld();
    const ids = [];
    for (let index = 0; index < 3; index += 1) ids.push((await create(mac, { name: 'twin' })).id);
    const page = (await mac.call('GET', '/vms?limit=2&offset=1')).body as { vms: { id: string }[] };
    expect(page).toMatchObject({ total: 3, limit: 2, offset: 1 });
    expect(page.vms).toHaveLength(2);
    expect(ids).toEqual(expect.arrayContaining(page.vms.map((vm) => vm.id)));
    expect((await mac.call('GET', '/vms?limit=')).body).toMatchObject({ limit: 100, offset: 0 });
    expect((await mac.call('GET', '/vms?limit=1001')).status).toBe(400);
  });

  test.each([
    ['no name', {}, 'INVALID_REQUEST'],
    ['a name with a slash', { name: 'a/b' }, 'INVALID_REQUEST'],
    ['a name that ends with a space', { name: 'a ' }, 'INVALID_REQUEST'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'INVALID_REQUEST'],
    ['an empty image', { name: 'a', image: '' }, 'INVALID_REQUEST'],
    ['bad image syntax', { name: 'a', image: 'ghcr.io/UPPER' }, 'INVALID_REQUEST'],
    ['an image without a registry', { name: 'a', image: 'vms/macos' }, 'INVALID_REFERENCE'],
    [
      'resources beside an image, be they empty',
      { name: 'a', image: IMAGE, resources: {} },
      'INVALID_REQUEST',
    ],
    ['a lifetime of zero', { name: 'a', image: IMAGE, lifetimeSeconds: 0 }, 'INVALID_REQUEST'],
    ['a blank VM out of bounds', { name: 'a', resources: { cpuCount: 33 } }, 'INVALID_RESOURCES'],
    ['a blank VM above the host', { name: 'a', resources: { cpuCount: 12 } }, 'CREATE_FAILED'],
  ])('are not created from %s', async (_what, body, code) => {
    await using mac = await servedWorld();
    const answer = await mac.call('POST', '/vms', body);
    expect([answer.status, codeOf(answer.body)]).toEqual([400, code]);
  });

  test('ignore nulls and unknown fields of a create', async () => {
    await using mac = await servedWorld();
    await create(mac, { resources: null, ephemeral: null, lifetimeSeconds: null, labels: ['x'] });
  });

  test.each([
    ['12GB', 12 * 1024 ** 3],
    ['12 gb', 12 * 1024 ** 3],
    ['4.5GB', 4.5 * 1024 ** 3],
    [8_589_934_592, 8 * 1024 ** 3],
    ['12GiB', null],
    ['12G', null],
    ['8589934592', null],
    ['512KB', null],
    ['1e1GB', null],
  ])('read the size %j as %j bytes', async (memorySize, bytes) => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    const answer = await mac.call('PATCH', `/vms/${id}`, { resources: { memorySize } });
    expect(answer.status).toBe(bytes === null ? 400 : 200);
    if (bytes !== null) expect(answer.body).toMatchObject({ resources: { memorySize: bytes } });
  });

  test('grow their disk but never shrink it, and refuse more than the host has', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    const patch = async (resources: object) => {
      const { status, body } = await mac.call('PATCH', `/vms/${id}`, { resources });
      return [status, codeOf(body)];
    };
    expect(await patch({ diskSize: '128GB', cpuCount: 6 })).toEqual([200, undefined]);
    expect(await patch({ diskSize: '64GB' })).toEqual([400, 'UPDATE_VM_FAILED']);
    expect(await patch({ cpuCount: 12 })).toEqual([400, 'UPDATE_VM_FAILED']);
    expect(await patch({ cpuCount: 33 })).toEqual([400, 'INVALID_REQUEST']);
  });

  test('take a new name while they run, but no resources', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    await mac.call('POST', `/vms/${id}/start`);
    expect((await mac.call('PATCH', `/vms/${id}`, { name: 'renamed' })).body).toMatchObject({
      name: 'renamed',
    });
    const answer = await mac.call('PATCH', `/vms/${id}`, { resources: { cpuCount: 6 } });
    expect([answer.status, codeOf(answer.body)]).toEqual([409, 'INVALID_STATE']);
  });

  test('are copied from a stopped one with other resources in one call', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    const resources = { cpuCount: 8, diskSize: '128GB' };
    const copy = await mac.call('POST', `/vms/${id}/clone`, { name: 'copy', ephemeral: true, resources });
    expect(copy.status).toBe(201);
    expect(copy.body).toMatchObject({
      name: 'copy',
      state: 'stopped',
      ephemeral: true,
      resources: { cpuCount: 8 },
    });
    await mac.call('POST', `/vms/${id}/start`);
    expect((await mac.call('POST', `/vms/${id}/clone`, { name: 'again' })).status).toBe(409);
    expect((await mac.call('POST', `/vms/${id}/clone?force=true`, { name: 'again' })).status).toBe(201);
  });

  test('tell their events as strings, after their deletion too', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    await mac.call('POST', `/vms/${id}/start`);
    const events = async () =>
      (await mac.call('GET', `/vms/${id}/events?limit=1000`)).body as never as {
        events: { type: string; data: Record<string, string> | null }[];
        total: number;
      };
    await vi.waitFor(async () => {
      expect((await events()).events.map((event) => event.type)).toContain('SSH_READY');
    });
    expect((await mac.call('DELETE', `/vms/${id}?force=true`)).status).toBe(204);
    const { events: all, total } = await events();
    expect(total).toBe(all.length);
    expect(all[0]).toMatchObject({ type: 'VM_CREATED', data: { name: 'vm' } });
    expect(all.at(-1)).toMatchObject({ type: 'VM_DELETED' });
    const port = all.find((event) => event.type === 'SSH_PORT_ASSIGNED')?.data?.port;
    expect(port).toMatch(/^\d+$/);
    const newest = (await mac.call('GET', `/vms/${id}/events?limit=1`)).body;
    expect(newest).toMatchObject({ total: 1, events: [{ type: 'VM_DELETED' }] });
  });

  test('show a PNG while they run', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    expect((await mac.call('GET', `/vms/${id}/screenshot`)).status).toBe(409);
    await mac.call('POST', `/vms/${id}/start`);
    const { status, headers, body } = await mac.call('GET', `/vms/${id}/screenshot`);
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(body).toContain('PNG');
  });
});

describe('pull operations', () => {
  test('asynchronous: 202 at once, then polled to completion with 200', async () => {
    await using mac = await servedWorld({ latencies: { pull: 40 } });
    const started = await mac.call('POST', '/images/pull', { reference: IMAGE, async: true });
    expect(started.status).toBe(202);
    const { operationId, statusUrl } = started.body as { operationId: string; statusUrl: string };
    expect(statusUrl).toBe(`/v1/images/pull/operations/${operationId}`);
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({
      total: 1,
      activeOnly: true,
    });
    await vi.waitFor(async () => {
      const { body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect(body).toMatchObject({ status: 'completed', progress: 1, image: { reference: IMAGE } });
    });
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({ total: 0 });
    expect((await mac.call('GET', '/images/pull/operations?activeOnly=false')).body).toMatchObject({
      total: 1,
    });
  });

  test('a failed one is polled with 200, where the blocking route answers with the error', async () => {
    await using mac = await servedWorld({ registry: { unreachable: ['down.example'] } });
    const reference = 'down.example/x:1';
    const started = await mac.call('POST', '/images/pull', { reference, async: true });
    const { operationId } = started.body as { operationId: string };
    await vi.waitFor(async () => {
      const { status, body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect([status, body]).toMatchObject([
        200,
        { status: 'failed', errorCode: 'IMAGE_PULL_REGISTRY_UNAVAILABLE' },
      ]);
    });
    const blocking = await mac.call('POST', '/images/pull', { reference });
    expect([blocking.status, codeOf(blocking.body)]).toEqual([503, 'IMAGE_PULL_FAILED']);
  });

  test('a bad reference is INVALID_REFERENCE here, a bad timeout INVALID_REQUEST', async () => {
    await using mac = await servedWorld();
    const bad = await mac.call('POST', '/images/pull', { reference: 'UPPER' });
    expect([bad.status, codeOf(bad.body)]).toEqual([400, 'INVALID_REFERENCE']);
    const timeout = await mac.call('POST', '/images/pull', { reference: IMAGE, timeout: 0 });
    expect([timeout.status, codeOf(timeout.body)]).toEqual([400, 'INVALID_REQUEST']);
  });
});
