import type { AgentClient } from '../../agent/agent-client.ts';
import { isPoweredOn } from '../../agent/vm-state.ts';
import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';
import { appearsNoMore } from './appears-no-more.ts';

/**
 * Deletes every VM of this name. SSH is closed first; when that fails, the VM is deleted all the same. While
 * a create whose outcome is unknown may still take effect, it rejects, so that the name is looked for again.
 * An attempt that does not know its VM's id has started no VM: a VM that runs under its name belongs to a
 * lost record, and the collector handles it.
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
  const mayAppear = vmId === null && world.creates.outcome(vmName) === 'unknown';
  if (mayAppear && !(await appearsNoMore(world, client, vmName, signal))) {
    throw new DaemonError(
      'VM_MAY_APPEAR',
      `It is not known whether a request still creates ${vmName} on ${host}. The daemon looks for this VM until the request can no longer take effect, and deletes it.`,
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
