import { describe, expect, test } from 'vitest';
import { launch, shutDown } from '../../../src/simulator/agent/launch.ts';
import { sshInfo } from '../../../src/simulator/agent/network/ssh-forwarding.ts';
import { enableVnc } from '../../../src/simulator/agent/network/vnc-forwarding.ts';
import { pauseVm, resumeVm } from '../../../src/simulator/agent/vms/pause.ts';
import { type Vm, vmResponse } from '../../../src/simulator/agent/vms/vm.ts';
import { slotsInUse } from '../../../src/simulator/agent/vms/vm-state.ts';
import { codeOf, IMAGE, servedWorld, virtualWorld } from './agent-fixture.ts';

const REFUSED = { status: 409, code: 'INVALID_STATE' };

function pausing(settings: Parameters<typeof virtualWorld>[0] = {}) {
  const at = virtualWorld(settings);
  const { world, clock, life } = at;
  const pause = (vm: Vm) => clock.finish(pauseVm(world, vm.id, life()));
  const resume = (vm: Vm) => clock.finish(resumeVm(world, vm.id, life()));
  const told = (vm: Vm) =>
    world.events
      .of(vm.id, 1000)
      .map(({ type }) => type)
      .filter((type) => type !== 'STATE_CHANGED');
  const ready = async (more = {}) => {
    const vm = await at.act.running('vm', more);
    await clock.pass(1_000);
    return vm;
  };
  return { ...at, pause, resume, told, ready };
}

describe('a paused VM', () => {
  test('keeps its slot and its hardware, and loses its address and its ports after VM_PAUSED', async () => {
    const { world, clock, memory, life, pause, told, ready } = pausing();
    const vm = await ready();
    await clock.finish(enableVnc(world, vm.id, life()));
    expect(memory.listening.size).toBe(2);
    await pause(vm);
    expect([vm.state, slotsInUse(world), memory.powered.size]).toEqual(['paused', 1, 1]);
    expect([memory.listening.size, world.portsInUse.size, world.vncPortsInUse.size]).toEqual([0, 0, 0]);
    expect(vmResponse(vm, clock.now())).toMatchObject({
      uptime: null,
      network: { macAddress: vm.macAddress },
    });
    expect(Object.keys(vmResponse(vm, clock.now()).network)).toEqual(['macAddress']);
    expect(() => sshInfo(world, vm.id)).toThrow(expect.objectContaining({ code: 'SSH_NOT_CONFIGURED' }));
    expect(told(vm).slice(-3)).toEqual(['VM_PAUSED', 'SSH_PORT_RELEASED', 'VNC_PORT_RELEASED']);
  });

  test('is resumed on a full host, and its uptime and its network start again', async () => {
    const { world, clock, act, pause, resume, told, ready } = pausing({ slots: 1 });
    const vm = await ready();
    await pause(vm);
    await expect(act.start(await act.create('other'))).rejects.toMatchObject({ code: 'VM_LIMIT_REACHED' });
    await clock.pass(60_000);
    await resume(vm);
    expect([vm.state, vm.power?.since]).toEqual(['running', clock.now()]);
    expect(told(vm).at(-1)).toBe('VM_RESUMED');
    await clock.pass(1_000);
    expect(sshInfo(world, vm.id).status).toBe('ready');
    expect(told(vm).slice(-2)).toEqual(['SSH_PORT_ASSIGNED', 'SSH_READY']);
  });

  test('can be stopped, but not started, paused again or forwarded', async () => {
    const { world, clock, act, life, pause, ready } = pausing();
    const vm = await ready();
    await pause(vm);
    await expect(act.start(vm)).rejects.toMatchObject(REFUSED);
    await expect(pause(vm)).rejects.toMatchObject(REFUSED);
    await expect(clock.finish(enableVnc(world, vm.id, life()))).rejects.toMatchObject(REFUSED);
    await act.stop(vm);
    expect(vm.state).toBe('stopped');
  });

  test('ends with its lifetime too', async () => {
    const { world, clock, pause, ready } = pausing();
    await pause(await ready({ ephemeral: true, lifetimeSeconds: 60 }));
    await clock.pass(70_000);
    expect(world.vms.size).toBe(0);
  });

  test('is resumed from its file when a restart of the agent saved it', async () => {
    const { world, memory, resume, told, ready } = pausing();
    const vm = await ready();
    await shutDown(world, 'graceful');
    launch(world);
    expect([vm.state, memory.powered.size]).toEqual(['paused', 0]);
    await resume(vm);
    expect([vm.state, memory.powered.size, told(vm).at(-1)]).toEqual(['running', 1, 'VM_RUNNING']);
  });
});

test.each(['stopped', 'created'])('a %s VM is neither paused nor resumed', async (state) => {
  const { act, pause, resume } = pausing();
  const vm = await act.create('vm', state === 'created' ? { image: null } : {});
  await expect(pause(vm)).rejects.toMatchObject(REFUSED);
  await expect(resume(vm)).rejects.toMatchObject(REFUSED);
});

test('a pause or a resume that fails leaves the VM in error', async () => {
  const { faults, pause, resume, ready, act } = pausing();
  faults.add({ route: 'mac pause *', status: 500, times: 1 });
  faults.add({ route: 'mac resume *', status: 500, times: 1 });
  const vm = await ready();
  await expect(pause(vm)).rejects.toMatchObject({ status: 500, code: 'PAUSE_FAILED' });
  expect(vm.state).toBe('error');
  await act.stop(vm);
  await act.start(vm);
  await pause(vm);
  await expect(resume(vm)).rejects.toMatchObject({ status: 500, code: 'RESUME_FAILED' });
  expect(vm.state).toBe('error');
});

test('pause, resume and VNC are routes', async () => {
  await using mac = await servedWorld();
  const { body } = await mac.call('POST', '/vms', { name: 'vm', image: IMAGE });
  const { id } = body as { id: string };
  const call = async (method: string, path: string) => {
    const answer = await mac.call(method, `/vms/${id}/${path}`);
    return [answer.status, codeOf(answer.body) ?? answer.body];
  };
  expect(await call('POST', 'pause')).toEqual([409, 'INVALID_STATE']);
  expect(await call('GET', 'vnc')).toEqual([404, 'VNC_NOT_CONFIGURED']);
  await mac.call('POST', `/vms/${id}/start`);
  const enabled = [200, { host: '127.0.0.1', port: expect.any(Number), status: 'ready' }];
  expect(await call('POST', 'vnc')).toEqual(enabled);
  expect(await call('GET', 'vnc')).toEqual(enabled);
  expect(await call('DELETE', 'vnc')).toEqual([200, { host: '127.0.0.1', status: 'disabled' }]);
  expect(await call('POST', 'pause')).toEqual([200, expect.objectContaining({ id, state: 'paused' })]);
  expect(await call('POST', 'resume')).toEqual([200, expect.objectContaining({ id, state: 'running' })]);
});
