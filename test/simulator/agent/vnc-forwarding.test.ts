import { expect, test } from 'vitest';
import { disableVnc, enableVnc, vncInfo } from '../../../src/simulator/agent/network/vnc-forwarding.ts';
import type { Vm } from '../../../src/simulator/agent/vms/vm.ts';
import { virtualWorld } from './agent-fixture.ts';

function forwarding(settings: Parameters<typeof virtualWorld>[0] = {}) {
  const at = virtualWorld({ sshPorts: { start: 2222, end: 2223 }, ...settings });
  const { world, clock, life } = at;
  const enable = (vm: Vm) => clock.finish(enableVnc(world, vm.id, life()));
  const told = (vm: Vm) => world.events.of(vm.id, 100).filter(({ type }) => type.startsWith('VNC_'));
  return { ...at, enable, told };
}

test('a VNC port exists only when it was enabled: it is the lowest free one, and silent', async () => {
  const { world, clock, act, memory, enable, told } = forwarding();
  const [a, b] = [await act.running('a'), await act.running('b')];
  await clock.pass(1_000);
  expect(() => vncInfo(world, a.id)).toThrow(
    expect.objectContaining({ status: 404, code: 'VNC_NOT_CONFIGURED' }),
  );
  expect(await enable(a)).toEqual({ host: '127.0.0.1', port: 5901, status: 'ready' });
  expect(await enable(a)).toEqual(vncInfo(world, a.id));
  expect((await enable(b)).port).toBe(5902);
  expect(memory.listening.get(5901)?.()).toBeNull();
  expect(told(a)).toMatchObject([{ type: 'VNC_PORT_ASSIGNED', data: { port: '5901' } }]);
});

test('a VNC port is released by each disabling and by a stop', async () => {
  const { world, clock, act, memory, enable, told } = forwarding();
  const vm = await act.running();
  await enable(vm);
  for (let turn = 0; turn < 2; turn += 1)
    expect(await clock.finish(disableVnc(world, vm.id))).toEqual({ host: '127.0.0.1', status: 'disabled' });
  expect(told(vm).at(-1)).toMatchObject({ type: 'VNC_PORT_RELEASED', data: null });
  await enable(vm);
  await act.stop(vm);
  expect([memory.listening.has(5901), world.vncPortsInUse.size]).toEqual([false, 0]);
});

test('a VNC port needs an address, a free port, and a VM that runs', async () => {
  const { clock, faults, memory, act, enable } = forwarding({ slots: 4 });
  await expect(enable(await act.create('still'))).rejects.toMatchObject({
    status: 409,
    code: 'INVALID_STATE',
  });
  faults.add({ route: 'guest boot nowhere', body: { natMs: 'never' } });
  const lost = await act.running('nowhere');
  await expect(enable(lost)).rejects.toMatchObject({ status: 409, code: 'VNC_ENABLE_FAILED' });
  memory.busyPorts.add(5901);
  const vm = await act.running('a');
  await clock.pass(1_000);
  await expect(enable(vm)).rejects.toMatchObject({ status: 500, code: 'VNC_ENABLE_FAILED' });
  memory.busyPorts.clear();
  for (const one of [vm, await act.running('b')]) await enable(one);
  await expect(enable(await act.running('c'))).rejects.toMatchObject({
    status: 503,
    code: 'VNC_ENABLE_FAILED',
  });
});
