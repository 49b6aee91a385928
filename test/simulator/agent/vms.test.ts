import { describe, expect, test } from 'vitest';
import { soon } from '../../support/soon.ts';
import { codeOf, create, IMAGE, servedWorld } from './agent-fixture.ts';

describe('VMs', () => {
  test('have null for some unset fields and leave those of the network out, with ids in capitals and times in seconds', async () => {
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

  test('are created although the request has nulls and unknown fields', async () => {
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

  test('have events with strings only, also after their deletion', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    await mac.call('POST', `/vms/${id}/start`);
    const events = async () =>
      (await mac.call('GET', `/vms/${id}/events?limit=1000`)).body as never as {
        events: { type: string; data: Record<string, string> | null }[];
        total: number;
      };
    await soon(async () => {
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

  test('return a PNG of their screen while they run', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    expect((await mac.call('GET', `/vms/${id}/screenshot`)).status).toBe(409);
    await mac.call('POST', `/vms/${id}/start`);
    const { status, headers, body } = await mac.call('GET', `/vms/${id}/screenshot`);
    expect([status, headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(body).toContain('PNG');
  });
});
