import { describe, expect, test } from 'vitest';
import { guestEnded, startVm } from '../../../src/simulator/agent/vms/power.ts';
import { slotsInUse } from '../../../src/simulator/agent/vms/vm-state.ts';
import { virtualWorld } from './agent-fixture.ts';

describe('slots', () => {
  test('of two starts that race for the last slot exactly one succeeds, and the other VM stays stopped', async () => {
    const { world, clock, act, life } = virtualWorld();
    await act.running('first');
    const [b, c] = [await act.create('b'), await act.create('c')];
    const outcome = await clock.finish(
      Promise.allSettled([startVm(world, b.id, life()), startVm(world, c.id, life())]),
    );
    expect(outcome.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcome.find((one) => one.status === 'rejected')?.reason).toMatchObject({
      status: 409,
      code: 'VM_LIMIT_REACHED',
    });
    expect([b.state, c.state].sort()).toEqual(['running', 'stopped']);
  });

  test('limit no creates: any number of stopped VMs may exist', async () => {
    const { world, act } = virtualWorld();
    for (const name of ['a', 'b', 'c', 'd']) await act.create(name);
    expect([...world.vms.values()].map((vm) => vm.state)).toEqual(Array(4).fill('stopped'));
  });

  test('a forced delete has freed slot and port when its response comes', async () => {
    const { world, clock, act } = virtualWorld({ sshPorts: { start: 2222, end: 2223 } });
    const a = await act.running('a');
    const b = await act.running('b');
    await clock.pass(1_000);
    expect([a.power?.forward?.port, b.power?.forward?.port].sort()).toEqual([2222, 2223]);
    const freed = a.power?.forward?.port;
    await act.delete(a);
    expect(world.portsInUse.size).toBe(1);
    const c = await act.running('c');
    await clock.pass(1_000);
    expect(c.power?.forward?.port).toBe(freed);
  });

  test('a VM in error frees its slot, unless its runtime is set to live on', async () => {
    for (const errorHoldsSlot of [false, true]) {
      const { world, act } = virtualWorld({ errorHoldsSlot });
      const vm = await act.running();
      await guestEnded(world, vm, 'panic');
      expect(slotsInUse(world)).toBe(errorHoldsSlot ? 1 : 0);
    }
  });

  test('a failed start whose runtime lives on uses a slot until its VM is stopped or deleted', async () => {
    const { world, faults, act } = virtualWorld({ slots: 1 });
    const [failed, next] = [await act.create('failed'), await act.create('next')];
    const fault = { route: 'mac start failed', status: 500, body: { hasRuntime: true } };
    for (const free of [act.stop, act.delete]) {
      faults.add({ ...fault, times: 1 });
      await expect(act.start(failed)).rejects.toMatchObject({ code: 'START_FAILED' });
      expect([failed.state, slotsInUse(world)]).toEqual(['error', 1]);
      await expect(act.start(next)).rejects.toMatchObject({ code: 'VM_LIMIT_REACHED' });
      await free(failed);
      expect(slotsInUse(world)).toBe(0);
    }
    await act.start(next);
  });

  test('a delete that fails keeps the VM in the list as deleted, without its slot', async () => {
    const { world, faults, act } = virtualWorld();
    const vm = await act.running();
    faults.add({ route: 'mac delete *', code: 'DELETE_FAILED' });
    for (let tries = 0; tries < 3; tries += 1)
      await expect(act.delete(vm)).rejects.toMatchObject({ code: 'DELETE_FAILED' });
    expect([vm.state, world.vms.size, slotsInUse(world)]).toEqual(['deleted', 1, 0]);
    faults.clear();
    await act.delete(vm);
    expect(world.vms.size).toBe(0);
  });
});
