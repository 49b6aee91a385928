import type { JobEffects } from '../../../machines/job/effects.ts';
import type { AgentClient } from '../../agent/agent-client.ts';
import { sleepFor } from '../../clock.ts';
import { DaemonError } from '../../errors.ts';
import type { Effect, EffectWorld } from '../effect-world.ts';
import { withGuest } from './with-guest.ts';

/**
 * Seconds of VM uptime in which the agent's own search for the guest's address may still succeed. Asking for
 * forwarding before that would hold the VM's operation gate for up to two minutes, against our own teardown.
 */
const AUTOMATIC_FORWARDING_SECONDS = 80;

/** Milliseconds between looks for the address, and of one try; each look is one small request to the agent. */
const LOOK_EVERY = 100;
const PATIENCE = 5_000;

/** The guest answers at an address with an SSH banner and lets us log in; an open port proves nothing. */
export const connectGuest: Effect<
  JobEffects['connectGuest']['input'],
  JobEffects['connectGuest']['output']
> = async (world, { host, vmId, hostKey }, signal) => {
  const address = await forwardedAddress(world, host, vmId, signal);
  return withGuest(world, { address, hostKey }, signal, async (session) => ({
    address,
    hostKey: session.hostKey,
  }));
};

/**
 * Reads the forwarding first and enables it only where the agent will not do so by itself. While it still may, the
 * wait is in here: a guest that has its address is noticed within a tenth of a second.
 */
export async function forwardedAddress(world: EffectWorld, host: string, vmId: string, signal: AbortSignal) {
  const client = world.agent(host);
  const until = world.clock.now() + PATIENCE;
  let mayCome = false;
  do {
    if (mayCome) await sleepFor(world.clock, LOOK_EVERY, signal);
    const ssh = await client.sshStatus(vmId, { signal });
    if (ssh.status === 'ready' && ssh.address !== null) return ssh.address;
    mayCome =
      ssh.status !== 'unavailable' && (mayCome || (await mayStillComeByItself(client, host, vmId, signal)));
    if (!mayCome) return client.enableSsh(vmId, { signal });
  } while (world.clock.now() < until);
  throw new DaemonError('SSH_NOT_READY', `${host} has not found the guest's network address yet.`);
}

/** By the live state: the VM's record may still call it stopped long after its start. */
async function mayStillComeByItself(client: AgentClient, host: string, vmId: string, signal: AbortSignal) {
  const state = await client.vmState(vmId, { signal });
  if (state !== 'running' && state !== 'starting') {
    throw new DaemonError('VM_VANISHED', `The VM on ${host} is ${state ?? 'gone'} while it boots.`);
  }
  if (!(await client.forwardsSshAutomatically({ signal }))) return false;
  const vm = await client.getVm(vmId, { signal });
  return (vm?.uptime ?? 0) < AUTOMATIC_FORWARDING_SECONDS;
}
