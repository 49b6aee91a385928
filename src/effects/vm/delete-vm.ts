import type { AgentClient } from '../../agent/agent-client.ts';
import { isPoweredOn } from '../../agent/vm-state.ts';
import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';

/**
 * Every VM of this name is gone. Closing SSH first is a courtesy whose failure must not hold up the delete.
 * While a create that nobody saw end may still take effect, the name is looked for again. An attempt that does not
 * know its VM's id has started none: one that runs under its name is of a lost record, and is left to the collector.
 */
export const deleteVm = effect('deleteVm', async (world, { host, vmName, vmId }, signal) => {
  const client = world.agent(host);
  await world.creates.finished(vmName, signal);
  await world.evidenceSaved(vmName);
  const ids = vmId === null ? await unstarted(client, vmName, signal) : [vmId];
  for (const id of ids) {
    await client.disableSsh(id, { signal }).catch(() => signal.throwIfAborted());
    await client.deleteVm(id, { signal });
  }
  if (vmId === null && world.creates.outcome(vmName) === 'unknown') {
    throw new DaemonError(
      'VM_MAY_APPEAR',
      `A create of ${vmName} on ${host} may still take effect; its name is looked for until that is over.`,
    );
  }
  world.creates.forget(vmName);
  world.bases.forget(vmName);
  world.progress(vmName, null);
  return null;
});

async function unstarted(client: AgentClient, vmName: string, signal: AbortSignal): Promise<string[]> {
  const vms = await client.findVms(vmName, { signal });
  return vms.filter(({ state }) => !isPoweredOn(state)).map(({ id }) => id);
}
