import { describe, expect, test } from 'vitest';
import { startVm, stopVm } from '../../../src/simulator/agent/vms/power.ts';
import { updateVm } from '../../../src/simulator/agent/vms/update.ts';
import { persistedState } from '../../../src/simulator/agent/vms/vm.ts';
import { virtualWorld } from './agent-fixture.ts';

describe('start', () => {
  test('returns running long before the guest has an address or an sshd', async () => {
    const { act } = virtualWorld({ latencies: { nat: 5_000, sshd: 30_000 } });
    const vm = await act.running();
    expect(vm.state).toBe('running');
    expect(vm.power).toMatchObject({ natIp: null, forward: null });
  });

  test('has no effect on a VM that runs', async () => {
    const { act, memory } = virtualWorld();
    const vm = await act.running();
    const since = vm.power?.since;
    await act.start(vm);
    expect(vm.power?.since).toBe(since);
    expect(memory.powered.size).toBe(1);
  });

  test('that fails leaves the VM in error, where a stop recovers it', async () => {
    const { faults, act, memory } = virtualWorld();
    const fault = faults.add({ route: 'mac start vm', status: 500, times: 1 });
    const vm = await act.create();
    await expect(act.start(vm)).rejects.toMatchObject({ status: 500, code: 'START_FAILED' });
    expect([vm.state, fault.hits, memory.powered.size]).toEqual(['error', 1, 0]);
    await act.stop(vm);
    await act.start(vm);
    expect(vm.state).toBe('running');
  });

  test('can report a failure although the VM runs', async () => {
    const { faults, act } = virtualWorld();
    faults.add({ route: 'mac start *', status: 500, drop: 'after' });
    const vm = await act.create();
    await expect(act.start(vm)).rejects.toMatchObject({ code: 'START_FAILED' });
    expect(vm.state).toBe('running');
  });

  test('of a blank VM is refused, on a full host because of the slots', async () => {
    const { act } = virtualWorld({ slots: 1 });
    const vm = await act.create('blank', { image: null });
    expect(vm.state).toBe('created');
    await expect(act.start(vm)).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
    await act.running();
    await expect(act.start(vm)).rejects.toMatchObject({ status: 409, code: 'VM_LIMIT_REACHED' });
    expect(vm.state).toBe('created');
  });

  test.each(['starting', 'stopping', 'error', 'paused'] as const)(
    'from %s is refused for its state, on a full host too',
    async (state) => {
      const { act } = virtualWorld({ slots: 1 });
      const vm = await act.create();
      await act.running('other');
      vm.state = state;
      await expect(act.start(vm)).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
    },
  );
});

describe('the gate', () => {
  test('refuses a second operation at once while a start runs, a forced delete too', async () => {
    const { world, clock, act, life } = virtualWorld({ latencies: { start: 60_000 } });
    const vm = await act.create();
    const starting = startVm(world, vm.id, life());
    const busy = { status: 409, code: 'INVALID_STATE' };
    await expect(act.delete(vm, true)).rejects.toMatchObject(busy);
    await expect(updateVm(world, vm.id, { name: 'other', resources: {} }, life())).rejects.toMatchObject(
      busy,
    );
    expect(vm.state).toBe('starting');
    await clock.finish(starting);
    await act.delete(vm, true);
    expect(world.vms.size).toBe(0);
  });

  test('lets operations of different VMs run in parallel', async () => {
    const { world, clock, act, life } = virtualWorld({ latencies: { start: 1_000 } });
    const [a, b] = [await act.create('a'), await act.create('b')];
    const before = clock.now();
    await clock.finish(Promise.all([startVm(world, a.id, life()), startVm(world, b.id, life())]));
    expect(clock.now() - before).toBe(1_000);
  });
});

describe('delete', () => {
  test('without force refuses a VM that runs, and deletes one that is stopped', async () => {
    const { world, act } = virtualWorld();
    const vm = await act.running();
    await expect(act.delete(vm, false)).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
    await act.stop(vm);
    await act.delete(vm, false);
    expect(world.vms.size).toBe(0);
    await expect(act.delete(vm)).rejects.toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('by force goes directly to stopped, while a stop goes through stopping', async () => {
    const { world, act } = virtualWorld();
    const [stopped, deleted] = [await act.running('stopped'), await act.running('deleted')];
    await act.stop(stopped);
    await act.delete(deleted);
    const ways = [stopped, deleted].map(({ id }) =>
      world.events.of(id, 100).filter(({ type }) => /^VM_(STOP|DEL)/.test(type)),
    );
    expect(ways.map((way) => way.map(({ type }) => type))).toEqual([
      ['VM_STOPPING', 'VM_STOPPED'],
      ['VM_STOPPED', 'VM_DELETED'],
    ]);
  });

  test('that fails leaves a tombstone, which a second delete removes', async () => {
    const { world, clock, faults, act } = virtualWorld();
    faults.add({ route: 'mac delete *', status: 500, times: 1 });
    const vm = await act.running('vm', { ephemeral: true });
    await expect(act.delete(vm)).rejects.toMatchObject({ status: 500, code: 'DELETE_FAILED' });
    expect(vm.state).toBe('deleted');
    await clock.pass(60_000);
    expect(world.vms.has(vm.id)).toBe(true);
    await act.delete(vm);
    expect(world.vms.size).toBe(0);
  });
});

describe('ephemeral VMs', () => {
  test('that have booted and are stopped already are deleted by a stop before its response', async () => {
    const { world, clock, act, life } = virtualWorld();
    const vm = await act.running('a', { ephemeral: true });
    await act.stop(vm);
    expect(world.vms.has(vm.id)).toBe(true);
    const again = await clock.finish(stopVm(world, vm.id, life()));
    expect([again.state, world.vms.has(vm.id)]).toEqual(['stopped', false]);
    const kept = await act.running('b', { ephemeral: false });
    await act.stop(kept);
    await act.stop(kept);
    expect(world.vms.has(kept.id)).toBe(true);
  });

  test('that have booted return stopped and disappear afterwards', async () => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.running('vm', { ephemeral: true });
    await act.stop(vm);
    expect([vm.state, world.vms.has(vm.id)]).toEqual(['stopped', true]);
    await clock.pass(1_000);
    expect(world.vms.has(vm.id)).toBe(false);
  });

  test('that never booted stay, also after a failed first start', async () => {
    const { world, clock, faults, act } = virtualWorld();
    faults.add({ route: 'mac start failing', status: 500 });
    await act.create('untouched', { ephemeral: true });
    await expect(act.start(await act.create('failing', { ephemeral: true }))).rejects.toThrow();
    await clock.pass(24 * 3_600_000);
    expect([...world.vms.values()].map((vm) => vm.state)).toEqual(['stopped', 'error']);
  });

  test.each(['shutdown', 'panic'] as const)('disappear after the guest ends by %s', async (how) => {
    const { world, clock, faults, act, memory } = virtualWorld();
    faults.add({ route: 'guest boot *', body: { ends: { how, afterMs: 10_000 } } });
    const vm = await act.running('vm', { ephemeral: true });
    await clock.pass(10_001);
    expect(vm.state).toBe(how === 'shutdown' ? 'stopped' : 'error');
    expect(memory.listening.size).toBe(0);
    await clock.pass(1_000);
    expect(world.vms.size).toBe(0);
  });

  test('delete themselves after the operation that holds them', async () => {
    const { world, clock, act } = virtualWorld({ latencies: { resize: 20_000, autoDelete: 10 } });
    const vm = await act.running('vm', { ephemeral: true });
    await act.stop(vm);
    const diskSize = vm.resources.diskSize * 2;
    const growing = updateVm(
      world,
      vm.id,
      { name: null, resources: { diskSize } },
      new AbortController().signal,
    );
    await clock.pass(10_000);
    expect(world.vms.has(vm.id)).toBe(true);
    await clock.finish(growing);
    await clock.pass(1_000);
    expect(world.vms.has(vm.id)).toBe(false);
  });
});

describe('lifetime', () => {
  test('counts from the first running and ends with a hard stop, and with a delete when ephemeral', async () => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.create('vm', { ephemeral: true, lifetimeSeconds: 60 });
    await clock.pass(600_000);
    expect(vm.expiresAt).toBeNull();
    await act.start(vm);
    expect(vm.expiresAt).toBe((vm.power?.since ?? 0) + 60_000);
    await clock.pass(59_000);
    expect(vm.state).toBe('running');
    await clock.pass(2_000);
    expect(world.vms.size).toBe(0);
  });
});

describe('events', () => {
  test('are the newest thousand of the whole agent, so that many of one VM remove those of another', async () => {
    const { world, act } = virtualWorld();
    const quiet = await act.create('quiet');
    const noisy = await act.create('noisy');
    expect(world.events.of(quiet.id, 10)).toMatchObject([{ type: 'VM_CREATED', data: { name: 'quiet' } }]);
    for (let index = 0; index < 1_000; index += 1) world.events.publish('SSH_READY', noisy.id);
    expect(world.events.of(quiet.id, 10)).toEqual([]);
    expect(world.events.of(noisy.id, 2_000)).toHaveLength(1_000);
  });
});

describe('records', () => {
  test('lag behind the live state when a lag is set', async () => {
    const { clock, act } = virtualWorld({ latencies: { persistence: 500 } });
    const vm = await act.running();
    expect([vm.state, persistedState(vm, clock.now())]).toEqual(['running', 'stopped']);
    await clock.pass(600);
    expect(persistedState(vm, clock.now())).toBe('running');
  });

  test('are the same for the same seed', async () => {
    const ids = async () => {
      const { act } = virtualWorld();
      const vm = await act.running();
      return [vm.id, vm.macAddress, vm.power?.sshUpAt];
    };
    expect(await ids()).toEqual(await ids());
  });
});
