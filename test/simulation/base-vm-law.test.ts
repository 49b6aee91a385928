import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { leftovers } from './final-laws.ts';
import { NAME, newWorld, record } from './laws-world.ts';
import { CREATE_SETTLE, checkAgentRequest } from './request-laws.ts';

// A law that cannot be broken proves nothing: each one gets a breach here.

describe('base VMs', () => {
  const BASE = 'gh-default-base-0123456789abcdef';

  test('are ordered without a record, but only where the config wants them and only as unfinished', () => {
    const order = (baseVms: boolean, name: string) => {
      const { world, mac, broken } = newWorld({
        ...CALM_SCENARIO,
        daemon: { ...CALM_SCENARIO.daemon, baseVms },
      });
      checkAgentRequest(world, mac, 'POST', '/vms', JSON.stringify({ name }));
      return broken().length;
    };
    expect([order(true, `${BASE}-new-1`), order(true, BASE), order(false, `${BASE}-new-1`)]).toEqual([
      0, 1, 1,
    ]);
  });

  test('are the only VMs that are cloned, for a record and never for two of one name', () => {
    const { world, mac, commit, broken } = newWorld();
    const clone = (of: string, name = NAME) => {
      const { id } = addForeignVm(mac.agent, { name: of, state: 'stopped' });
      checkAgentRequest(world, mac, 'POST', `/vms/${id}/clone`, JSON.stringify({ name }));
    };
    commit(record('1', { vm: NAME }));
    clone(BASE);
    expect(broken()).toEqual([]);
    clone(`${BASE}-new-1`);
    clone('gh-other-base-0123456789abcdef');
    expect(broken()).toEqual(Array(2).fill('only a complete base is cloned'));
    clone(BASE, 'gh-default-51300000001-2');
    mac.creating.set(NAME, world.clock.now());
    clone(BASE);
    expect(broken().slice(2)).toEqual(['law 1: no effect before its record', 'law 2: observe, then act']);
  });

  test('are cloned again when the first order of a frozen controller hangs for longer than an order may take effect', () => {
    const { world, mac, commit, broken } = newWorld();
    const { id } = addForeignVm(mac.agent, { name: BASE, state: 'stopped' });
    commit(record('1', { vm: NAME }));
    mac.creating.set(NAME, world.clock.now());
    world.clock.advance(CREATE_SETTLE);
    checkAgentRequest(world, mac, 'POST', `/vms/${id}/clone`, JSON.stringify({ name: NAME }));
    expect(broken()).toEqual([]);
  });

  test('are not deleted while somebody runs them', () => {
    const { world, mac, broken } = newWorld();
    const { id } = addForeignVm(mac.agent, { name: BASE, state: 'running' });
    checkAgentRequest(world, mac, 'DELETE', `/vms/${id}?force=true`, null);
    expect(broken()).toEqual(['a base in use is not touched']);
  });

  test('are there at the end, one of each size, and none where none is wanted', () => {
    const kept = { ...CALM_SCENARIO, daemon: { ...CALM_SCENARIO.daemon, baseVms: true } };
    const { world, mac } = newWorld(kept);
    expect(leftovers(world)).toEqual(['each profile has one base: mac-1 has ']);
    // The VMs of others are of no image.
    const current = { digest: null };
    for (const profile of ['mac', 'mac-large'])
      world.committed.rows.set(`!rollouts!${profile}`, JSON.stringify({ current, trial: null }));
    addForeignVm(mac.agent, { name: BASE, state: 'stopped' });
    const large = addForeignVm(mac.agent, { name: BASE.replace(/0/g, '9'), state: 'stopped' });
    large.resources = { ...large.resources, cpuCount: 8 };
    expect(leftovers(world)).toEqual([]);
    addForeignVm(mac.agent, { name: `${BASE}-new-1`, state: 'stopped' });
    expect(leftovers(world).map((what) => what.split(':')[0])).toEqual([
      'no base is left unfinished',
      'each profile has one base',
    ]);
    const off = newWorld();
    addForeignVm(off.mac.agent, { name: BASE, state: 'stopped' });
    expect(leftovers(off.world)).toEqual([`each profile has one base: mac-1 has ${BASE}`]);
  });
});
