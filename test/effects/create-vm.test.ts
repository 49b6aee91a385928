import { describe, expect, test, vi } from 'vitest';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { IMAGE } from '../simulator/agent/agent-fixture.ts';
import { fixture, NAME } from './create-vm-fixture.ts';
import { type EffectFixture, failing, LARGE, LARGE_SIZE, STAYS, STORED } from './effect-fixture.ts';
import type { ShiftedClock } from './shifted-clock.ts';

/** A base that no agent has: nothing is cloned from it, but a VM with a base needs no pull. */
const BASE = { state: 'ready', vmId: 'ID', name: 'base', why: null } as const;

/** What the agent's record of each VM says of its creation. */
const made = ({ mac }: EffectFixture) =>
  [...mac.world.vms.values()].map(({ name, ephemeral, lifetimeSeconds, state }) => ({
    name,
    ephemeral,
    lifetimeSeconds,
    state,
  }));

describe('a VM is made', () => {
  test('from the image, ephemeral and with its lifetime, and a second run finds it by name', async () => {
    const at = await fixture();
    const posts = at.counted('POST /vms');
    const first = await at.create();
    expect(made(at)).toEqual([{ name: NAME, ephemeral: true, lifetimeSeconds: 3600, state: 'stopped' }]);
    expect(await at.create()).toEqual(first);
    expect(await at.create(at.newWorld())).toEqual(first);
    expect(posts.hits).toBe(1);
  });

  test('after its image was pulled by a separate operation, with the same reference', async () => {
    const at = await fixture({ mac: { latencies: { pull: 400 } } });
    const pulls = at.counted('POST /images/pull');
    await at.create();
    expect(pulls.hits).toBe(1);
    const references = [...at.mac.world.pulls.values()].map(({ reference }) => reference);
    expect(references).toEqual([IMAGE, IMAGE]);
    expect([...at.mac.world.images.local.keys()]).toEqual([IMAGE]);
    expect(at.shown.slice(-2)).toEqual(['creating the VM', null]);
  });

  test('and resized before it is started, with a PATCH only when its size differs', async () => {
    const at = await fixture();
    const patches = at.counted('PATCH /vms/:id');
    await at.create();
    expect(patches.hits).toBe(0);
    const large = { ...at.input, vmName: 'gh-t-8-1', profile: LARGE };
    const { vmId } = await createVm.run(at.world, large, STAYS, STORED);
    expect(at.vm(vmId)).toMatchObject({ resources: LARGE_SIZE, state: 'stopped' });
    expect(await createVm.run(at.world, large, STAYS, STORED)).toEqual({ vmId });
    expect(patches.hits).toBe(1);
  });

  test('once: of several VMs with its name one is kept', async () => {
    const at = await fixture();
    for (const state of ['stopped', 'stopped', 'stopped'] as const) {
      addForeignVm(at.mac.world, { name: NAME, state, ephemeral: true });
    }
    const { vmId } = await at.create();
    expect([...at.mac.world.vms.keys()]).toEqual([vmId]);
  });

  test('unless a VM of its name exists that is not newly made: that VM is never taken over', async () => {
    const at = await fixture();
    addForeignVm(at.mac.world, { name: NAME, state: 'error' });
    await expect(at.create()).rejects.toMatchObject(failing('VM_CREATE_FAILED', { disposition: 'giveUp' }));
  });

  test('unless a VM of its name runs, whose record was lost: that VM is neither taken over nor deleted', async () => {
    const at = await fixture();
    for (const state of ['stopped', 'running'] as const) addForeignVm(at.mac.world, { name: NAME, state });
    await expect(at.create()).rejects.toMatchObject(failing('VM_NAME_TAKEN', { disposition: 'retry' }));
    expect([...at.mac.world.vms.values()].map(({ state }) => state)).toEqual(['stopped', 'running']);
  });

  test('unless the Mac refuses its size: then the operator is to blame', async () => {
    const at = await fixture({ mac: { host: { cpus: 5 } } });
    const large = { ...at.input, profile: LARGE };
    await expect(createVm.run(at.world, large, STAYS, STORED)).rejects.toMatchObject(
      failing('VM_RESIZE_FAILED', { blame: 'operator', disposition: 'giveUp' }),
    );
  });
});

describe('no second create is sent for a name whose first one may still take effect', () => {
  test('when its response was lost after the effect: the VM is found', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms', drop: 'after', times: 1 });
    const posts = at.counted('POST /vms');
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE', { disposition: 'retry' }));
    await at.create();
    expect(at.vms()).toEqual([`${NAME} stopped`]);
    expect(posts.hits).toBe(0);
  });

  test('when its response was lost before the effect: the next create is sent only when the first can have no effect any more', async () => {
    const at = await fixture();
    const lost = at.mac.faults.add({ route: 'POST /vms', drop: 'before', times: 1 });
    const posts = at.counted('POST /vms');
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR', { disposition: 'retry' }));
    expect([lost.hits, posts.hits]).toEqual([1, 0]);
    expect(at.shown.at(-1)).toBe('waiting until an earlier create can no longer take effect');
    at.clock.advance(at.config.timeouts.create_settle);
    await at.create();
    expect([posts.hits, at.vms()]).toEqual([1, [`${NAME} stopped`]]);
  });

  test('unless its agent restarted since: a lower uptime proves that the first create has no effect any more', async () => {
    const at = await fixture();
    (at.mac.world.clock as ShiftedClock).advance(600_000);
    at.mac.faults.add({ route: 'POST /vms', drop: 'before', times: 1 });
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    at.clock.advance(5_000);
    await at.mac.restart('crash', 0);
    await at.create();
    expect(at.vms()).toEqual([`${NAME} stopped`]);
  });

  test('even when the agent restarted after its uptime was read and before the create', async () => {
    const at = await fixture();
    (at.mac.world.clock as ShiftedClock).advance(600_000);
    at.mac.faults.add({ route: 'POST /vms', drop: 'before', times: 1 });
    const posts = at.counted('POST /vms');
    const { ensure } = at.world.pulls;
    at.world.pulls.ensure = async (...asked) => {
      await at.mac.restart('crash', 0);
      return ensure.apply(at.world.pulls, asked);
    };
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    at.world.pulls.ensure = ensure;
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    expect(posts.hits).toBe(0);
  });

  test('even when our clock was set forward while the daemon was down', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms', drop: 'before', times: 1 });
    const posts = at.counted('POST /vms');
    await expect(at.create()).rejects.toMatchObject(failing('HOST_UNREACHABLE'));
    at.clock.advance(3_600_000);
    at.world.creates.assumeUnknown(NAME, at.clock.now() + at.config.timeouts.create_settle);
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    expect(posts.hits).toBe(0);
  });

  test('when the agent returned an internal error, which may have come after the effect', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms', status: 500, code: 'INTERNAL_ERROR', times: 1 });
    const posts = at.counted('POST /vms');
    await expect(at.create()).rejects.toMatchObject(failing('AGENT_ERROR'));
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    expect(posts.hits).toBe(0);
  });

  test('but after a refusal, which has no effect, the next try sends another create', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'POST /vms', status: 429, code: 'TOO_MANY_IMAGE_OPERATIONS', times: 1 });
    await expect(at.create()).rejects.toMatchObject(failing('HOST_BUSY', { disposition: 'retry' }));
    await at.create();
    expect(at.vms()).toEqual([`${NAME} stopped`]);
  });

  test('when its state was left during it: the next effect waits for its end and finds the VM', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac create *', delayMs: 150, times: 1 });
    const posts = at.counted('POST /vms');
    const state = new AbortController();
    const abandoned = at.create(at.world, state.signal);
    await vi.waitFor(() => expect(posts.hits).toBe(1));
    state.abort(new Error('the state was left'));
    await expect(abandoned).rejects.toThrow('the state was left');
    expect(at.vms()).toEqual([]);
    await at.create();
    expect([posts.hits, at.vms()]).toEqual([1, [`${NAME} stopped`]]);
  });

  test('when the daemon died during it: its successor waits, and takes the late VM', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac create *', delayMs: 300, times: 1 });
    const posts = at.counted('POST /vms');
    const dead = at.create();
    await vi.waitFor(() => expect(posts.hits).toBe(1));
    const successor = at.newWorld();
    successor.creates.assumeUnknown(NAME, at.clock.now() + at.config.timeouts.create_settle);
    await expect(at.create(successor)).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    const { vmId } = await dead;
    expect(await at.create(successor)).toEqual({ vmId });
    expect(posts.hits).toBe(1);
  });

  test('and none is sent at all when the state was left before', async () => {
    const at = await fixture();
    const posts = at.counted('POST /vms');
    const state = new AbortController();
    at.world.bases.forVm = () => {
      state.abort(new Error('the state was left'));
      return BASE;
    };
    await expect(at.create(at.world, state.signal)).rejects.toThrow('the state was left');
    expect(posts.hits).toBe(0);
  });

  test('and none after a look during which the first one could still take effect, until the next look', async () => {
    const at = await fixture();
    const posts = at.counted('POST /vms');
    const outcomes = ['unknown', 'none'] as const;
    let asked = 0;
    at.world.creates.outcome = () => outcomes[asked++] ?? 'none';
    at.world.bases.forVm = () => BASE;
    await expect(at.create()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    addForeignVm(at.mac.world, { name: NAME, state: 'stopped' });
    await at.create();
    expect(posts.hits).toBe(0);
  });

  test('and none when the VM of the first one appeared during the pull of the image', async () => {
    const at = await fixture({ mac: { latencies: { pull: 100 } } });
    const posts = at.counted('POST /vms');
    const outcomes = ['unknown', 'none'] as const;
    let asked = 0;
    at.world.creates.outcome = () => outcomes[asked++] ?? 'none';
    const creating = at.create();
    await vi.waitFor(() => expect(at.mac.world.pulls.size).toBe(1));
    addForeignVm(at.mac.world, { name: NAME, state: 'stopped' });
    await creating;
    expect([posts.hits, at.vms()]).toEqual([0, [`${NAME} stopped`]]);
  });
});

describe('a teardown deletes a VM that appears late', () => {
  test('when this daemon still waits for the response to its create', async () => {
    const at = await fixture();
    at.mac.faults.add({ route: 'mac create *', delayMs: 150, times: 1 });
    const posts = at.counted('POST /vms');
    const state = new AbortController();
    const abandoned = at.create(at.world, state.signal);
    await vi.waitFor(() => expect(posts.hits).toBe(1));
    state.abort(new Error('the state was left'));
    await expect(abandoned).rejects.toThrow('the state was left');
    await at.destroy();
    expect(at.mac.world.vmsCreated).toBe(1);
    expect(at.vms()).toEqual([]);
  });

  test('when the outcome of its create is unknown: it looks for the name until nothing can appear any more', async () => {
    const at = await fixture();
    at.world.creates.assumeUnknown(NAME, at.clock.now() + 10_000);
    await expect(at.destroy()).rejects.toMatchObject(failing('VM_MAY_APPEAR', { disposition: 'retry' }));
    addForeignVm(at.mac.world, { name: NAME, state: 'stopped' });
    await expect(at.destroy()).rejects.toMatchObject(failing('VM_MAY_APPEAR'));
    expect(at.vms()).toEqual([]);
    at.clock.advance(10_000);
    expect(await at.destroy()).toBeNull();
  });
});

test('a host or a profile that the config does not have is refused by its name', async () => {
  const at = await fixture();
  const refused = (change: object) => createVm.run(at.world, { ...at.input, ...change }, STAYS, STORED);
  await expect(refused({ host: 'mac-9' })).rejects.toMatchObject(failing('HOST_UNKNOWN'));
  await expect(refused({ profile: 'gone' })).rejects.toMatchObject(failing('PROFILE_UNKNOWN'));
});
