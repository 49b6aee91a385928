import type { AgentClient } from '../../agent/agent-client.ts';
import { isAtRest } from '../../agent/vm-state.ts';
import { sleepFor } from '../../clock.ts';
import { DaemonError } from '../../errors.ts';
import type { GuestAddress } from '../../guest/open-guest.ts';
import type { EffectWorld } from '../effect-world.ts';

/**
 * Seconds of VM uptime in which the agent's own search for the guest's address may still succeed. Asking for
 * forwarding before that would hold the VM's operation gate for up to two minutes, which would block our own
 * teardown.
 */
const AUTOMATIC_FORWARDING_SECONDS = 80;

/**
 * Milliseconds between two polls for the address, each one small request to the agent; and for one whole try.
 */
const POLL_INTERVAL = 100;
const TRY_TIMEOUT = 5_000;

/**
 * Returns where the guest's SSH is reached. Enables the forwarding only when the agent will not do so by
 * itself, and polls while the agent may still do so: a guest that gets its address is seen within a tenth of
 * a second.
 */
export async function forwardedAddress(
  world: EffectWorld,
  host: string,
  vmId: string,
  signal: AbortSignal,
): Promise<GuestAddress> {
  const client = world.agent(host);
  const until = world.clock.now() + TRY_TIMEOUT;
  let mayForward = false;
  do {
    if (mayForward) await sleepFor(world.clock, POLL_INTERVAL, signal);
    const ssh = await client.sshStatus(vmId, { signal });
    if (ssh.status === 'ready' && ssh.address !== null) return ssh.address;
    mayForward =
      ssh.status !== 'unavailable' && (mayForward || (await mayForwardByItself(client, host, vmId, signal)));
    if (!mayForward) return client.enableSsh(vmId, { signal });
  } while (world.clock.now() < until);
  throw new DaemonError(
    'SSH_NOT_READY',
    `${host} has not found the network address of the guest yet; it is asked again.`,
  );
}

/** Reads the live state: the stored record may say "stopped" long after the start. */
async function mayForwardByItself(client: AgentClient, host: string, vmId: string, signal: AbortSignal) {
  const state = await client.vmState(vmId, { signal });
  if (state === null || isAtRest(state)) {
    throw new DaemonError('VM_VANISHED', `The VM on ${host} no longer runs: it is ${state ?? 'gone'}.`);
  }
  // The VM's ports are released, and a person may resume it.
  if (state !== 'running' && state !== 'starting') {
    throw new DaemonError('SSH_NOT_READY', `The VM on ${host} is ${state}, so its guest cannot be reached.`);
  }
  if (!(await client.forwardsSshAutomatically({ signal }))) return false;
  const vm = await client.getVm(vmId, { signal });
  return (vm?.uptime ?? 0) < AUTOMATIC_FORWARDING_SECONDS;
}
