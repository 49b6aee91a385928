import { describe, expect, test } from 'vitest';
import { enableSsh, sshInfo } from '../../../src/simulator/agent/network/ssh-forwarding.ts';
import { executeInGuest } from '../../../src/simulator/agent/vms/execute.ts';
import { guestEnded } from '../../../src/simulator/agent/vms/power.ts';
import { virtualWorld } from './agent-fixture.ts';

const LATENCIES = { nat: 2_000, sshd: 30_000, natSearch: 71_000 };
const events = (world: ReturnType<typeof virtualWorld>['world'], id: string) =>
  world.events.of(id, 1000).map((event) => event.type);

describe('automatic forwarding', () => {
  test('opens a port when the guest has an address, long before sshd runs', async () => {
    const { world, clock, act, memory } = virtualWorld({ latencies: LATENCIES });
    const vm = await act.running();
    expect(() => sshInfo(world, vm.id)).toThrow(
      expect.objectContaining({ status: 404, code: 'SSH_NOT_CONFIGURED' }),
    );
    await clock.pass(2_000);
    const info = sshInfo(world, vm.id);
    expect(info).toEqual({ host: '127.0.0.1', port: expect.any(Number), status: 'ready' });
    const onward = memory.listening.get(info.port ?? 0);
    expect(onward?.()).toBeNull();
    expect(events(world, vm.id)).not.toContain('SSH_READY');
    await clock.pass(28_000);
    expect(onward?.()).toEqual(expect.any(Number));
    expect(events(world, vm.id)).toContain('SSH_READY');
  });

  test('can be switched off: then only enabling opens a port, and the address is still listed', async () => {
    const { world, clock, act } = virtualWorld({ autoEnableSshForwarding: false, latencies: LATENCIES });
    const vm = await act.running();
    await clock.pass(10_000);
    expect(() => sshInfo(world, vm.id)).toThrow(expect.objectContaining({ status: 404 }));
    expect(vm.power?.natIp).toMatch(/^192\.168\.64\.\d+$/);
    expect((await act.enableSsh(vm)).status).toBe('ready');
  });

  test('does not come back after it was disabled', async () => {
    const { world, clock, act, memory } = virtualWorld({ latencies: LATENCIES });
    const vm = await act.running();
    expect(await act.disableSsh(vm)).toEqual({ host: '127.0.0.1', status: 'disabled' });
    await clock.pass(600_000);
    expect(memory.listening.size).toBe(0);
    expect(() => sshInfo(world, vm.id)).toThrow(expect.objectContaining({ code: 'SSH_NOT_CONFIGURED' }));
  });
});

describe('enabling', () => {
  test('returns the port that exists already', async () => {
    const { clock, act, world } = virtualWorld({ latencies: LATENCIES });
    const vm = await act.running();
    await clock.pass(3_000);
    expect(await act.enableSsh(vm)).toEqual(sshInfo(world, vm.id));
  });

  test('without an address searches twice, holds the gate for that time, and ends with 409', async () => {
    const { world, clock, faults, act, life } = virtualWorld({ latencies: LATENCIES });
    faults.add({ route: 'guest boot *', body: { natMs: 'never' } });
    const vm = await act.running();
    const before = clock.now();
    const enabling = enableSsh(world, vm.id, life());
    const outcome = expect(enabling).rejects.toMatchObject({ status: 409, code: 'SSH_ENABLE_FAILED' });
    await clock.pass(100_000);
    await expect(act.delete(vm)).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
    await clock.pass(100_000);
    await outcome;
    expect(clock.now() - before).toBeGreaterThanOrEqual(142_000);
  });

  test('is refused for a VM that does not run', async () => {
    const { act } = virtualWorld();
    const vm = await act.create();
    await expect(act.enableSsh(vm)).rejects.toMatchObject({ status: 409, code: 'INVALID_STATE' });
  });

  test('without a free port ends with 503', async () => {
    const { clock, act } = virtualWorld({ slots: 3, sshPorts: { start: 2222, end: 2223 } });
    await act.running('a');
    await act.running('b');
    const third = await act.running('c');
    await clock.pass(1_000);
    expect(third.power?.forward).toBeNull();
    await expect(act.enableSsh(third)).rejects.toMatchObject({ status: 503, code: 'SSH_ENABLE_FAILED' });
  });

  test('fails each time when another program has the lowest port, and never tries the next one', async () => {
    const { clock, act, memory } = virtualWorld({ sshPorts: { start: 2222, end: 2223 } });
    memory.busyPorts.add(2222);
    const vm = await act.running();
    await clock.pass(1_000);
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(act.enableSsh(vm)).rejects.toMatchObject({ status: 500, code: 'SSH_ENABLE_FAILED' });
    }
    memory.busyPorts.clear();
    expect((await act.enableSsh(vm)).port).toBe(2222);
  });
});

describe('the port', () => {
  test.each(['stop', 'delete', 'disableSsh'] as const)('is closed by %s', async (how) => {
    const { clock, act, memory } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    expect(memory.listening.size).toBe(1);
    await act[how](vm);
    expect(memory.listening.size).toBe(0);
  });

  test('is closed when the VM stops at the moment in which it is opened', async () => {
    const { clock, act, memory } = virtualWorld({ latencies: { nat: 100, stop: 0 } });
    const vm = await act.running();
    await clock.pass(100);
    await act.stop(vm);
    expect(memory.listening.size).toBe(0);
  });
});

describe('its events', () => {
  test('name the port only when it is assigned, and its release follows the stop of the VM', async () => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    const port = String(vm.power?.forward?.port);
    await act.stop(vm);
    const told = world.events.of(vm.id, 1000).filter(({ type }) => /^SSH_|^VM_STOPP/.test(type));
    expect(told.map(({ type, data }) => [type, data])).toEqual([
      ['SSH_PORT_ASSIGNED', { port }],
      ['SSH_READY', null],
      ['VM_STOPPING', null],
      ['VM_STOPPED', null],
      ['SSH_PORT_RELEASED', null],
    ]);
  });

  test.each([
    ['shutdown', 'VM_STOPPED'],
    ['panic', 'ERROR_OCCURRED'],
  ] as const)('tell the release after a guest that ends by %s too', async (how, ended) => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    await guestEnded(world, vm, how);
    expect(events(world, vm.id).slice(-2)).toEqual([ended, 'SSH_PORT_RELEASED']);
  });

  test('report the release before the deletion', async () => {
    const { world, clock, act } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    await act.delete(vm);
    expect(events(world, vm.id).slice(-3)).toEqual(['VM_STOPPED', 'SSH_PORT_RELEASED', 'VM_DELETED']);
  });
});

describe('execute', () => {
  const request = { command: 'true', user: 'admin', password: 'admin', timeoutSeconds: 30 };

  test('returns 200 with exit code 255 for a failure of SSH', async () => {
    const { world, clock, act, memory, life } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    memory.answer({ exitCode: 255, stdout: '', stderr: 'Permission denied' });
    expect(await executeInGuest(world, vm.id, request, life())).toMatchObject({ vmId: vm.id, exitCode: 255 });
  });

  test('ends with 504 at its deadline and does not wait for the gate', async () => {
    const { world, clock, act, memory, life } = virtualWorld();
    const vm = await act.running();
    await clock.pass(1_000);
    memory.hang();
    const running = executeInGuest(world, vm.id, request, life());
    const outcome = expect(running).rejects.toMatchObject({ status: 504, code: 'EXECUTE_TIMEOUT' });
    expect(world.gate.isHeld(vm.id)).toBe(false);
    await clock.pass(30_000);
    await outcome;
  });

  test('needs a port', async () => {
    const { world, act, life } = virtualWorld({ autoEnableSshForwarding: false });
    const vm = await act.running();
    await expect(executeInGuest(world, vm.id, request, life())).rejects.toMatchObject({
      status: 409,
      code: 'SSH_NOT_CONFIGURED',
    });
  });
});
