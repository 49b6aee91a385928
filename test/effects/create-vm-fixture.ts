import { createVm } from '../../src/effects/vm/create-vm.ts';
import { deleteVm } from '../../src/effects/vm/delete-vm.ts';
import { type EffectFixtureOptions, effectFixture, LABEL, STAYS, STORED } from './effect-fixture.ts';

/** The name of the VM. */
export const NAME = 'gh-t-7-1';

/** An effect fixture with one VM that can be made and deleted. */
export async function fixture(options: EffectFixtureOptions = {}) {
  const given = await effectFixture(options);
  const input = { host: given.host, vmName: NAME, profile: LABEL };
  return {
    ...given,
    input,
    create: (world = given.world, signal = STAYS) => createVm.run(world, input, signal, STORED),
    destroy: (world = given.world) =>
      deleteVm.run(world, { host: given.host, vmName: NAME, vmId: null }, STAYS),
  };
}
