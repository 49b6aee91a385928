import type { AgentClient } from '../../agent/agent-client.ts';
import type { ForwardedAddress } from '../../agent/agent-responses.ts';
import { effect } from '../effect.ts';
import { forwardedAddress } from '../guest/forwarded-address.ts';

/**
 * Opens a held VM for a person: the agent forwards SSH and, where it can, screen sharing. A VM that does not run is
 * reported and left as it is. Rejects only when the agent cannot say whether the VM runs.
 */
export const openVm = effect('openVm', async (world, { host, vmId }, signal) => {
  const client = world.agent(host);
  if ((await client.vmState(vmId, { signal })) !== 'running') {
    return { isRunning: false, ssh: null, vnc: null };
  }
  const nullUnlessAborted = () => {
    signal.throwIfAborted();
    return null;
  };
  const ssh = await forwardedAddress(world, host, vmId, signal).catch(nullUnlessAborted);
  const vnc = await forwardedVnc(client, vmId, signal).catch(nullUnlessAborted);
  return { isRunning: true, ssh, vnc };
});

/** A guest without an address would hold the gate of its VM for minutes, and with it a deletion. */
async function forwardedVnc(
  client: AgentClient,
  vmId: string,
  signal: AbortSignal,
): Promise<ForwardedAddress | null> {
  const vm = await client.getVm(vmId, { signal });
  return vm?.network.natIP ? client.enableVnc(vmId, { signal }) : null;
}
