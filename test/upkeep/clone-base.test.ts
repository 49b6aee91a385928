import { describe, expect, test } from 'vitest';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { deleteVm } from '../../src/effects/vm/delete-vm.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { deleteVm as takeAway } from '../../src/simulator/agent/vms/removal.ts';
import {
  effectFixture,
  failing,
  LABEL,
  LARGE,
  LARGE_SIZE,
  STAYS,
  STORED,
} from '../effects/effect-fixture.ts';
import { soon } from '../support/soon.ts';

const NAME = 'gh-t-7-1';
const BASE = 'gh-t-base-0123456789abcdef';

/** A host with a base VM for both profiles, and counts of the two ways to a VM. */
async function fixture() {
  const at = await effectFixture({ controller: { base_vms: true } });
  const { world, host } = at;
  const base = addForeignVm(at.mac.world, { name: BASE, state: 'stopped' });
  const offer = (given = world) => {
    for (const profile of [LABEL, LARGE])
      given.bases.set(host, profile, null, { state: 'ready', vmId: base.id, name: BASE, why: null });
  };
  offer();
  const create = (vmName = NAME, profile = LABEL, given = world) =>
    createVm.run(given, { host, vmName, profile }, STAYS, STORED);
  const others = () => at.vms().filter((vm) => !vm.startsWith(BASE));
  return { ...at, base, offer, create, others };
}

/** Counts the calls for both ways; other faults must be added before. */
const ways = ({ counted }: Awaited<ReturnType<typeof fixture>>) => {
  const all = [counted('POST /vms/:id/clone'), counted('POST /vms'), counted('POST /images/pull')];
  const patches = counted('PATCH /vms/:id');
  return () => [...all.map(({ hits }) => hits), patches.hits];
};

test('a VM is cloned with its size and lifetime in one call: nothing is pulled, created or patched', async () => {
  const at = await fixture();
  const calls = ways(at);
  const { vmId } = await at.create(NAME, LARGE);
  expect(at.vm(vmId)).toMatchObject({
    name: NAME,
    state: 'stopped',
    ephemeral: true,
    lifetimeSeconds: 7200,
    resources: LARGE_SIZE,
  });
  expect(calls()).toEqual([1, 0, 0, 0]);
  expect(await at.create(NAME, LARGE)).toEqual({ vmId });
  expect(await at.create(NAME, LARGE, at.newWorld())).toEqual({ vmId });
  expect(calls()).toEqual([1, 0, 0, 0]);
  expect(at.shown).toContain(`cloning ${BASE}`);
});

test('without a base the VM is made from its image, and the reason is shown', async () => {
  const at = await fixture();
  at.world.bases.set(at.host, LABEL, null, { state: 'none', why: 'it is being made' });
  const calls = ways(at);
  await at.create();
  expect(calls()).toEqual([0, 1, 1, 0]);
  expect(at.shown).toContain('creating the VM, with no base VM: it is being made');
});

test('of two clones at once the agent refuses one, which succeeds in its next try', async () => {
  const at = await fixture();
  at.mac.faults.add({ route: 'mac clone *', delayMs: 200, times: 1 });
  const calls = ways(at);
  const first = at.create('gh-t-7-1');
  await soon(() => expect(at.mac.world.gate.isHeld(at.base.id)).toBe(true));
  await expect(at.create('gh-t-8-1')).rejects.toMatchObject(failing('VM_BUSY', { disposition: 'retry' }));
  await first;
  await at.create('gh-t-8-1');
  expect(at.others()).toEqual(['gh-t-7-1 stopped', 'gh-t-8-1 stopped']);
  expect(calls().slice(1)).toEqual([0, 0, 0]);
});

test('when a base stays busy, the VM is made from its image after five refusals', async () => {
  const at = await fixture();
  at.mac.faults.add({ route: 'POST /vms/:id/clone', status: 409, code: 'INVALID_STATE' });
  for (let n = 0; n < 5; n += 1) await expect(at.create()).rejects.toMatchObject(failing('VM_BUSY'));
  const { vmId } = await at.create();
  expect(at.others()).toEqual([`${NAME} stopped`]);
  // The next job uses the base again, as does another try of this name after its teardown.
  await deleteVm.run(at.world, { host: at.host, vmName: NAME, vmId }, STAYS);
  await expect(at.create()).rejects.toMatchObject(failing('VM_BUSY'));
});

describe('a base that cannot be cloned is given up for the image, in the next try of the same attempt', () => {
  test.each<[string, (at: Awaited<ReturnType<typeof fixture>>) => unknown, RegExp]>([
    [
      'because it is gone',
      ({ mac, base }) => takeAway(mac.world, base.id, true, mac.world.life.end.signal),
      /is gone/,
    ],
    [
      'because somebody started it',
      ({ base }) => {
        base.state = 'running';
        base.persisted = [];
      },
      /is running/,
    ],
    [
      'because the agent has no such route (404)',
      ({ mac }) => mac.faults.add({ route: 'POST /vms/:id/clone', status: 404, code: 'NOT_FOUND' }),
      /the agent can no longer clone/,
    ],
    [
      'because the agent has no such route (405)',
      ({ mac }) => mac.faults.add({ route: 'POST /vms/:id/clone', status: 405, code: 'METHOD_NOT_ALLOWED' }),
      /the agent can no longer clone/,
    ],
    [
      'because the copy fails',
      ({ mac }) => mac.faults.add({ route: 'mac clone *', status: 500 }),
      /was refused .*500 CLONE_FAILED/,
    ],
    [
      'because its disk takes too long to grow',
      ({ mac }) => mac.faults.add({ route: 'mac resize *', status: 504, times: 1 }),
      /504 CLONE_FAILED/,
    ],
    [
      'because it has more disk than the profile wants',
      ({ base }) => {
        base.resources = { ...base.resources, diskSize: base.resources.diskSize * 2 };
      },
      /400 CLONE_FAILED/,
    ],
  ])('%s', async (_what, harm, why) => {
    const at = await fixture();
    await harm(at);
    const message = expect.stringMatching(why);
    await expect(at.create(NAME, LARGE)).rejects.toMatchObject(
      failing('BASE_UNUSABLE', { disposition: 'retry', blame: 'host', message }),
    );
    expect(at.others()).toEqual([]);
    expect(at.world.bases.of(at.host, LARGE, null)).toMatchObject({ state: 'none', why: message });
    // Also when the keeper offers the base again at once: this VM was refused.
    at.offer();
    const { vmId } = await at.create(NAME, LARGE);
    expect(at.vm(vmId)).toMatchObject({ name: NAME, ephemeral: true, resources: LARGE_SIZE });
  });

  test('and a copy that was made despite the failure is found by its name', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac clone *', drop: 'after', times: 1 });
    const calls = ways(at);
    await expect(at.create()).rejects.toMatchObject(failing('BASE_UNUSABLE'));
    await at.create();
    expect([at.others(), calls()[1]]).toEqual([[`${NAME} stopped`], 0]);
  });

  test('but a size that the Mac cannot give is still refused', async () => {
    const at = await fixture();
    at.mac.world.options.host.cpus = 5;
    await expect(at.create(NAME, LARGE)).rejects.toMatchObject(failing('BASE_UNUSABLE'));
    await expect(at.create(NAME, LARGE)).rejects.toMatchObject(
      failing('VM_RESIZE_FAILED', { blame: 'operator' }),
    );
  });
});

describe('a clone with an unknown outcome is handled as such a create', () => {
  test('when its response was lost after the effect: the VM is found', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms/:id/clone', drop: 'after', times: 1 });
    const calls = ways(at);
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    await at.create();
    expect([at.others(), calls()]).toEqual([[`${NAME} stopped`], [0, 0, 0, 0]]);
  });

  test('when its response was lost before the effect: it is waited for, and then the image is used', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms/:id/clone', drop: 'before', times: 1 });
    const calls = ways(at);
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR', { disposition: 'retry' }));
    at.clock.advance(at.config.timeouts.create_settle);
    await at.create();
    expect([at.others(), calls().slice(0, 2)]).toEqual([[`${NAME} stopped`], [0, 1]]);
  });

  test('when its state was left during it: the teardown waits for its end and deletes the VM', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac clone *', delayMs: 200, times: 1 });
    const state = new AbortController();
    const input = { host: at.host, vmName: NAME, profile: LABEL };
    const abandoned = createVm.run(at.world, input, state.signal, STORED);
    await soon(() => expect(at.mac.world.gate.isHeld(at.base.id)).toBe(true));
    state.abort(new Error('the state was left'));
    await expect(abandoned).rejects.toThrow('the state was left');
    await deleteVm.run(at.world, { host: at.host, vmName: NAME, vmId: null }, STAYS);
    expect([at.mac.world.vmsCreated, at.others()]).toEqual([1, []]);
  });

  test('when the daemon died during it: its successor makes no second VM', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac clone *', delayMs: 300, times: 1 });
    const dead = at.create();
    await soon(() => expect(at.mac.world.gate.isHeld(at.base.id)).toBe(true));
    const successor = at.newWorld();
    at.offer(successor);
    successor.creates.assumeUnknown(NAME, at.clock.now() + at.config.timeouts.create_settle);
    await expect(at.create(NAME, LABEL, successor)).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    const { vmId } = await dead;
    expect(await at.create(NAME, LABEL, successor)).toEqual({ vmId });
    expect(at.others()).toEqual([`${NAME} stopped`]);
  });
});

describe('a clone that is found while its disk grows', () => {
  const foundGrowing = async (harm: { status?: number } = {}) => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac resize *', delayMs: 300, times: 1, ...harm });
    const first = at.create(NAME, LARGE);
    const outcome = first.catch((error: unknown) => error);
    await soon(() => expect(at.others()).toEqual([`${NAME} stopped`]));
    const successor = at.newWorld();
    successor.creates.assumeUnknown(NAME, at.clock.now() + at.config.timeouts.create_settle);
    const again = () => at.create(NAME, LARGE, successor);
    await expect(again()).rejects.toMatchObject(failing('VM_BUSY', { disposition: 'retry' }));
    return { ...at, outcome, again };
  };

  test('is taken when it has grown', async () => {
    const { outcome, again, vm } = await foundGrowing();
    const { vmId } = (await outcome) as { vmId: string };
    expect(await again()).toEqual({ vmId });
    expect(vm(vmId).resources).toEqual(LARGE_SIZE);
  });

  test('is deleted when the disk cannot grow, and the image is used', async () => {
    const { outcome, again, others, vm, clock, config } = await foundGrowing({ status: 504 });
    expect(await outcome).toMatchObject(failing('BASE_UNUSABLE'));
    expect(others()).toEqual([]);
    clock.advance(config.timeouts.create_settle);
    const { vmId } = await again();
    expect(vm(vmId).resources).toEqual(LARGE_SIZE);
  });
});

test('a base is kept while it is cloned, even when it is not listed as a base any more', async () => {
  const at = await fixture();
  const { bases } = at.world;
  bases.keep(at.host, new Set());
  at.mac.faults.add({ route: 'mac clone *', delayMs: 200, times: 1 });
  expect(bases.keeps(at.host, at.base)).toBe(false);
  const cloned = at.create();
  await soon(() => expect(at.mac.world.gate.isHeld(at.base.id)).toBe(true));
  expect(bases.keeps(at.host, at.base)).toBe(true);
  await cloned;
  expect(bases.keeps(at.host, at.base)).toBe(false);
});
