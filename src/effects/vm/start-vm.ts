import { DaemonError } from '../../errors.ts';
import { earlyEffect } from '../effect.ts';

/** Powers the VM on unless it runs already, and confirms that it runs. Rejects with VM_LIMIT_REACHED on a full host. */
export const startVm = earlyEffect('startVm', async (world, { host, vmId }, signal, ordered) => {
  const client = world.agent(host);
  if ((await client.vmState(vmId, { signal })) !== 'running') {
    await ordered();
    await client.startVm(vmId, { signal });
  }
  const state = await client.vmState(vmId, { signal });
  if (state !== 'running') {
    throw new DaemonError(
      'VM_START_FAILED',
      `The VM on ${host} did not keep running after its start: it is ${state ?? 'gone'}.`,
    );
  }
  const vm = await client.getVm(vmId, { signal });
  if (vm === null || vm.lifetimeLeft === null) return { expiresAt: null };
  return { expiresAt: world.clock.now() + vm.lifetimeLeft };
});
