import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../../src/simulator/agent/control.ts';
import { cloneVm } from '../../../src/simulator/agent/vms/creation.ts';
import { guestEnded } from '../../../src/simulator/agent/vms/power.ts';
import { soon } from '../../support/soon.ts';
import { codeOf, IMAGE, servedWorld, virtualWorld } from './agent-fixture.ts';

type Served = Awaited<ReturnType<typeof servedWorld>>;

async function create(mac: Served, more: Record<string, unknown> = {}) {
  const { status, body } = await mac.call('POST', '/vms', { name: 'vm', image: IMAGE, ...more });
  expect(status).toBe(201);
  return body as { id: string; state: string };
}

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

  test('are copied one at a time, and a copy is in no list before it is made', async () => {
    const { world, clock, life } = virtualWorld({ latencies: { clone: 10_000, resize: 5_000 } });
    const source = addForeignVm(world, { name: 'base', state: 'stopped' });
    const copyOf = (name: string, diskSize = source.resources.diskSize) =>
      cloneVm(
        world,
        source.id,
        { name, resources: { diskSize }, ephemeral: true, lifetimeSeconds: 60 },
        false,
        life(),
      );
    const first = copyOf('one', source.resources.diskSize * 2);
    await expect(copyOf('two')).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
    await clock.pass(9_000);
    expect([...world.vms.values()].map(({ name }) => name)).toEqual(['base']);
    await clock.pass(7_000);
    expect(await first).toMatchObject({
      name: 'one',
      state: 'stopped',
      lifetimeSeconds: 60,
      expiresAt: null,
    });
    await clock.finish(copyOf('two'));
    expect([...world.vms.values()].map(({ name }) => name)).toEqual(['base', 'one', 'two']);
  });

  describe('that are copied with a larger disk', () => {
    const LATENCIES = { clone: 10_000, resize: 5_000, delete: 0 };
    const growing = () => {
      const at = virtualWorld({ latencies: LATENCIES });
      const source = addForeignVm(at.world, { name: 'base', state: 'stopped' });
      const diskSize = source.resources.diskSize * 2;
      const wanted = {
        name: 'copy',
        resources: { diskSize, cpuCount: 2 },
        ephemeral: true,
        lifetimeSeconds: null,
      };
      const cloned = cloneVm(at.world, source.id, wanted, false, at.life());
      const copy = () => {
        const vm = [...at.world.vms.values()].find(({ name }) => name === 'copy');
        if (!vm) throw new Error('there is no copy');
        return vm;
      };
      const told = (id: string) => at.world.events.of(id, 100).map(({ type, data }) => [type, data]);
      return { ...at, source, diskSize, cloned, copy, told };
    };

    test('are listed with the disk size of the source, and busy, until the disk has grown', async () => {
      const { world, clock, act, source, diskSize, cloned, copy, told } = growing();
      await clock.pass(12_000);
      const { id } = copy();
      expect(copy()).toMatchObject({
        state: 'stopped',
        resources: { cpuCount: 2, diskSize: source.resources.diskSize },
      });
      expect(told(id)).toEqual([['VM_CREATED', { name: 'copy' }]]);
      for (const busy of [act.start(copy()), act.delete(copy())])
        await expect(busy).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
      expect(await clock.finish(cloned)).toMatchObject({ id, resources: { cpuCount: 2, diskSize } });
      expect(told(id).slice(1)).toEqual([
        ['VM_RESOURCES_UPDATED', null],
        ['VM_CLONED', { sourceVmId: source.id, name: 'copy' }],
      ]);
      expect(world.gate.isHeld(id)).toBe(false);
    });

    test.each([500, 504])('are deleted when their disk cannot grow, with %i', async (status) => {
      const { world, clock, faults, cloned, copy, told } = growing();
      faults.add({ route: 'mac resize copy', status });
      const outcome = expect(cloned).rejects.toMatchObject({ status, code: 'CLONE_FAILED' });
      await clock.pass(12_000);
      const { id } = copy();
      await clock.pass(10_000);
      await outcome;
      expect([...world.vms.values()].map(({ name }) => name)).toEqual(['base']);
      expect(told(id).map(([type]) => type)).toEqual(['VM_CREATED', 'VM_DELETED']);
    });

    test('stay in the state deleted when their deletion fails too', async () => {
      const { clock, faults, cloned, copy } = growing();
      for (const operation of ['resize', 'delete'])
        faults.add({ route: `mac ${operation} copy`, status: 500 });
      const outcome = expect(cloned).rejects.toMatchObject({
        code: 'CLONE_FAILED',
        message: expect.stringMatching(/Cleanup/),
      });
      await clock.pass(20_000);
      await outcome;
      expect(copy().state).toBe('deleted');
    });
  });

  test.each(['running', 'paused', 'error'] as const)(
    'are copied by force while they are %s',
    async (state) => {
      const { world, clock, life } = virtualWorld();
      const source = addForeignVm(world, { name: 'base', state });
      const wanted = { name: 'copy', resources: {}, ephemeral: true, lifetimeSeconds: null };
      await expect(cloneVm(world, source.id, wanted, false, life())).rejects.toMatchObject({ status: 409 });
      await clock.finish(cloneVm(world, source.id, wanted, true, life()));
      expect([...world.vms.values()].map((vm) => [vm.name, vm.state])).toEqual([
        ['base', 'stopped'],
        ['copy', 'stopped'],
      ]);
    },
  );

  test('are copied by force while their guest shuts down', async () => {
    const { world, clock, act, memory, life } = virtualWorld();
    const source = await act.running();
    // The guest is shutting down when the clone comes.
    const ended = guestEnded(world, source, 'shutdown');
    expect(source.state).toBe('stopping');
    const wanted = { name: 'copy', resources: {}, ephemeral: true, lifetimeSeconds: null };
    await clock.finish(cloneVm(world, source.id, wanted, true, life()));
    await ended;
    expect([source.state, memory.powered.size, world.vms.size]).toEqual(['stopped', 0, 2]);
  });

  test('are not copied with less disk or more CPUs than there are, and leave nothing when that fails', async () => {
    await using mac = await servedWorld();
    const { id } = await create(mac);
    const clone = async (resources: object) => {
      const { status, body } = await mac.call('POST', `/vms/${id}/clone`, { name: 'copy', resources });
      return [status, codeOf(body)];
    };
    expect(await clone({ diskSize: '32GB' })).toEqual([400, 'CLONE_FAILED']);
    expect(await clone({ cpuCount: 12 })).toEqual([400, 'CLONE_FAILED']);
    expect(await clone({ cpuCount: 33 })).toEqual([400, 'INVALID_REQUEST']);
    mac.faults.add({ route: 'mac clone *', status: 504, times: 1 });
    expect(await clone({})).toEqual([504, 'CLONE_FAILED']);
    expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 1 });
    mac.faults.add({ route: 'mac clone *', drop: 'after', times: 1 });
    expect(await clone({})).toEqual([500, 'CLONE_FAILED']);
    expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 2 });
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

describe('pull operations', () => {
  test('are started with 202 at once when asynchronous, and polled with 200 until they complete', async () => {
    await using mac = await servedWorld({ latencies: { pull: 40 } });
    const started = await mac.call('POST', '/images/pull', { reference: IMAGE, async: true });
    expect(started.status).toBe(202);
    const { operationId, statusUrl } = started.body as { operationId: string; statusUrl: string };
    expect(statusUrl).toBe(`/v1/images/pull/operations/${operationId}`);
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({
      total: 1,
      activeOnly: true,
    });
    await soon(async () => {
      const { body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect(body).toMatchObject({ status: 'completed', progress: 1, image: { reference: IMAGE } });
    });
    expect((await mac.call('GET', '/images/pull/operations')).body).toMatchObject({ total: 0 });
    expect((await mac.call('GET', '/images/pull/operations?activeOnly=false')).body).toMatchObject({
      total: 1,
    });
  });

  test('are polled with 200 also after a failure, while the blocking route returns the error', async () => {
    await using mac = await servedWorld({ registry: { unreachable: ['down.example'] } });
    const reference = 'down.example/x:1';
    const started = await mac.call('POST', '/images/pull', { reference, async: true });
    const { operationId } = started.body as { operationId: string };
    await soon(async () => {
      const { status, body } = await mac.call('GET', `/images/pull/operations/${operationId}`);
      expect([status, body]).toMatchObject([
        200,
        { status: 'failed', errorCode: 'IMAGE_PULL_REGISTRY_UNAVAILABLE' },
      ]);
    });
    const blocking = await mac.call('POST', '/images/pull', { reference });
    expect([blocking.status, codeOf(blocking.body)]).toEqual([503, 'IMAGE_PULL_FAILED']);
  });

  test('are refused with INVALID_REFERENCE for a bad reference, with INVALID_REQUEST for a bad timeout', async () => {
    await using mac = await servedWorld();
    const bad = await mac.call('POST', '/images/pull', { reference: 'UPPER' });
    expect([bad.status, codeOf(bad.body)]).toEqual([400, 'INVALID_REFERENCE']);
    const timeout = await mac.call('POST', '/images/pull', { reference: IMAGE, timeout: 0 });
    expect([timeout.status, codeOf(timeout.body)]).toEqual([400, 'INVALID_REQUEST']);
  });
});
