import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../../src/simulator/agent/control.ts';
import { cloneVm } from '../../../src/simulator/agent/vms/creation.ts';
import { guestEnded } from '../../../src/simulator/agent/vms/power.ts';
import { codeOf, create, servedWorld, virtualWorld } from './agent-fixture.ts';

describe('VMs', () => {
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
});
