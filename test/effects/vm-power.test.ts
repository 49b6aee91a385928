import { describe, expect, test } from 'vitest';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { deleteVm } from '../../src/effects/vm/delete-vm.ts';
import { startVm } from '../../src/effects/vm/start-vm.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { deferred } from '../support/deferred.ts';
import { type EffectFixtureOptions, effectFixture, failing, LABEL, STAYS, STORED } from './effect-fixture.ts';

async function withVm(options: EffectFixtureOptions = {}) {
  const given = await effectFixture(options);
  const { host, world } = given;
  const vmName = 'gh-t-7-1';
  const { vmId } = await createVm.run(world, { host, vmName, profile: LABEL }, STAYS, STORED);
  return {
    ...given,
    vmId,
    start: () => startVm.run(world, { host, vmId }, STAYS, STORED),
    destroy: (id: string | null = vmId) => deleteVm.run(world, { host, vmName, vmId: id }, STAYS),
  };
}

describe('startVm', () => {
  test('powers on once, however often it runs, and returns when the agent will power off', async () => {
    const at = await withVm();
    const starts = at.counted('POST /vms/:id/start');
    const { expiresAt } = await at.start();
    expect(expiresAt).toBeGreaterThan(at.clock.now() + 3_500_000);
    // The agent gives the uptime in whole seconds.
    expect(Math.abs(((await at.start()).expiresAt ?? 0) - (expiresAt ?? 0))).toBeLessThan(2_000);
    expect(starts.hits).toBe(1);
    expect(at.vm(at.vmId).state).toBe('running');
  });

  test('finds the VM running when the response to its start was lost', async () => {
    const at = await withVm();
    at.mac.faults.add({ route: 'POST /vms/:id/start', drop: 'after', times: 1 });
    await expect(at.start()).rejects.toMatchObject(failing('HOST_UNREACHABLE', { disposition: 'retry' }));
    await at.start();
    expect(at.vms()).toEqual(['gh-t-7-1 running']);
  });

  test('reads the live state, since the record of the VM lags behind', async () => {
    const at = await withVm({ mac: { latencies: { persistence: 60_000 } } });
    await at.start();
    expect(at.vm(at.vmId).state).toBe('running');
  });

  test('is blocked, not failed, while foreign VMs hold every slot, and succeeds when one is free', async () => {
    const at = await withVm();
    const [one] = ['xcode', 'safari'].map((name) => addForeignVm(at.mac.world, { name }));
    await expect(at.start()).rejects.toMatchObject(failing('VM_LIMIT_REACHED', { disposition: 'blocked' }));
    expect(at.vm(at.vmId).state).toBe('stopped');
    at.mac.world.vms.delete(one?.id ?? '');
    await at.start();
  });

  test('is tried again while another operation holds the VM', async () => {
    const at = await withVm();
    const held = deferred<void>();
    const operation = at.mac.world.gate.holding(at.vmId, 'update', () => held.promise);
    await expect(at.start()).rejects.toMatchObject(failing('VM_BUSY', { disposition: 'retry' }));
    held.resolve();
    await operation;
    await at.start();
  });

  test('gives the attempt up when the hypervisor fails, and the VM in error can be deleted', async () => {
    const at = await withVm();
    at.mac.faults.add({ route: 'mac start *', status: 500, times: 1 });
    await expect(at.start()).rejects.toMatchObject(failing('VM_START_FAILED', { disposition: 'giveUp' }));
    expect(at.vms()).toEqual(['gh-t-7-1 error']);
    await at.destroy();
    expect(at.vms()).toEqual([]);
  });

  test('gives the attempt up when the VM is gone', async () => {
    const at = await withVm();
    await at.destroy();
    await expect(at.start()).rejects.toMatchObject(failing('VM_NOT_FOUND', { disposition: 'giveUp' }));
  });
});

describe('deleteVm', () => {
  test('deletes a running VM by its id, and succeeds when it is gone', async () => {
    const at = await withVm();
    await at.start();
    expect(await at.destroy()).toBeNull();
    expect([at.vms(), [...at.mac.world.portsInUse]]).toEqual([[], []]);
    expect(await at.destroy()).toBeNull();
  });

  test('law 5: without an id it deletes VMs that never started, and leaves one that runs under the name', async () => {
    const at = await withVm();
    await at.start();
    addForeignVm(at.mac.world, { name: 'gh-t-7-1', state: 'stopped' });
    expect(await at.destroy(null)).toBeNull();
    expect(at.vms()).toEqual(['gh-t-7-1 running']);
  });

  test('deletes every VM of the name and none of another', async () => {
    const at = await withVm();
    for (const name of ['gh-t-7-1', 'gh-t-7-11', 'gh-t-7-1 ', 'GH-T-7-1']) {
      addForeignVm(at.mac.world, { name, state: 'stopped' });
    }
    await at.destroy(null);
    expect(at.vms()).toEqual(['gh-t-7-11 stopped', 'gh-t-7-1  stopped', 'GH-T-7-1 stopped']);
  });

  test('is tried again while another operation holds the VM', async () => {
    const at = await withVm();
    await at.start();
    const held = deferred<void>();
    const operation = at.mac.world.gate.holding(at.vmId, 'enableSSHForwarding', () => held.promise);
    await expect(at.destroy()).rejects.toMatchObject(failing('VM_BUSY', { disposition: 'retry' }));
    held.resolve();
    await operation;
    await at.destroy();
    expect(at.vms()).toEqual([]);
  });

  test('deletes a VM again that a failed deletion left in the state deleted', async () => {
    const at = await withVm();
    at.mac.faults.add({ route: 'mac delete *', status: 500, times: 1 });
    await expect(at.destroy()).rejects.toMatchObject({ failure: { disposition: 'retry' } });
    expect(at.vms()).toEqual(['gh-t-7-1 deleted']);
    await at.destroy(null);
    expect(at.vms()).toEqual([]);
  });

  test('succeeds although SSH forwarding cannot be disabled', async () => {
    const at = await withVm();
    await at.start();
    at.mac.faults.add({ route: 'DELETE /vms/:id/ssh', status: 500, code: 'SSH_DISABLE_FAILED' });
    await at.destroy();
    expect(at.vms()).toEqual([]);
  });

  test('takes a VM for gone only when the agent says so, not a proxy in between', async () => {
    const at = await withVm();
    at.mac.faults.add({ route: 'DELETE /vms/:id', status: 404, body: 'no such page', times: 1 });
    await expect(at.destroy()).rejects.toMatchObject({ failure: expect.anything() });
    expect(at.vms()).toHaveLength(1);
  });

  test('first ends the agent’s own search for the guest’s address, which would hold the VM', async () => {
    const at = await withVm({ mac: { latencies: { natSearch: 60_000 } } });
    at.mac.faults.add({ route: 'guest boot *', body: { natMs: 'never' } });
    await at.start();
    await at.destroy();
    expect(at.vms()).toEqual([]);
  });
});
