import { describe, expect, test } from 'vitest';
import { launch, shutDown } from '../../../src/simulator/agent/launch.ts';
import { createVm } from '../../../src/simulator/agent/vms/creation.ts';
import { startVm } from '../../../src/simulator/agent/vms/power.ts';
import { slotsInUse } from '../../../src/simulator/agent/vms/vm-state.ts';
import { soon } from '../../support/soon.ts';
import { IMAGE, servedWorld, virtualWorld } from './agent-fixture.ts';

async function macWithAllKinds() {
  const mac = virtualWorld({ slots: 4 });
  const { act } = mac;
  await act.running('ephemeral running', { ephemeral: true });
  await act.create('ephemeral untouched', { ephemeral: true });
  await act.running('lasting running');
  await act.create('lasting stopped');
  const left = () => Object.fromEntries([...mac.world.vms.values()].map((vm) => [vm.name, vm.state]));
  return { ...mac, left };
}

describe('a restart of the agent', () => {
  test('when graceful deletes every ephemeral VM and saves the others as paused, which use slots', async () => {
    const { world, memory, left } = await macWithAllKinds();
    await shutDown(world, 'graceful');
    launch(world);
    expect(left()).toEqual({ 'lasting running': 'paused', 'lasting stopped': 'stopped' });
    expect(slotsInUse(world)).toBe(1);
    expect(memory.powered.size).toBe(0);
  });

  test('after a crash deletes the ephemeral VMs that had booted and keeps those that had not', async () => {
    const { world, memory, left } = await macWithAllKinds();
    await shutDown(world, 'crash');
    launch(world);
    expect(left()).toEqual({
      'ephemeral untouched': 'stopped',
      'lasting running': 'stopped',
      'lasting stopped': 'stopped',
    });
    expect(memory.powered.size).toBe(0);
    expect(memory.listening.size).toBe(0);
  });

  test('loses events, operations and ports and keeps the images', async () => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    expect(world.portsInUse.size).toBe(1);
    await shutDown(world, 'crash');
    launch(world);
    expect(world.events.of(vm.id, 1000)).toEqual([]);
    expect([world.pulls.size, world.portsInUse.size, world.images.local.size]).toEqual([0, 0, 1]);
  });

  test('undoes a create and a start that were running', async () => {
    const { world, clock, act, life, memory } = virtualWorld({ latencies: { start: 10_000, clone: 10_000 } });
    const vm = await act.create();
    const request = { name: 'late', image: IMAGE, resources: {}, namesResources: false, ephemeral: true };
    const ended = Promise.all([
      expect(createVm(world, { ...request, lifetimeSeconds: null }, life())).rejects.toThrow('agent ended'),
      expect(startVm(world, vm.id, life())).rejects.toThrow('agent ended'),
    ]);
    await clock.pass(1_000);
    await shutDown(world, 'crash');
    launch(world);
    await ended;
    await clock.pass(60_000);
    expect([...world.vms.values()].map((each) => each.state)).toEqual(['stopped']);
    expect(memory.powered.size).toBe(0);
    await act.start(vm);
  });

  test('completes a deletion that had failed', async () => {
    const { world, faults, act } = virtualWorld();
    faults.add({ route: 'mac delete *', status: 500, times: 1 });
    await expect(act.delete(await act.create())).rejects.toThrow();
    await shutDown(world, 'crash');
    launch(world);
    expect(world.vms.size).toBe(0);
  });

  test('refuses connections until its end, and the uptime starts again on the same port', async () => {
    await using mac = await servedWorld();
    (mac.world.life as { startedAt: number }).startedAt -= 3_600_000;
    const health = async () => (await mac.call('GET', '/health')).body as { uptime: number };
    expect((await health()).uptime).toBeGreaterThanOrEqual(3_600);
    const restarting = mac.server.restart('crash', 60);
    await soon(async () => {
      await expect(mac.call('GET', '/health')).rejects.toThrow();
    });
    await restarting;
    expect((await health()).uptime).toBeLessThan(60);
  });

  test('cuts running requests without a response', async () => {
    await using mac = await servedWorld({ latencies: { pull: 60_000 } });
    const creating = mac.call('POST', '/vms', { name: 'vm', image: IMAGE });
    const outcome = expect(creating).rejects.toThrow();
    await soon(() => expect(mac.world.pulls.size).toBe(1));
    await mac.server.restart('graceful', 0);
    await outcome;
    expect((await mac.call('GET', '/vms')).body).toMatchObject({ total: 0 });
  });
});
