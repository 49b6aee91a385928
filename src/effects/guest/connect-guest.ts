import type { AgentClient } from '../../agent/agent-client.ts';
import { effect } from '../effect.ts';
import { forwardedAddress } from './forwarded-address.ts';

/** How many of a VM's newest events are read to find the one that says that its guest responded. */
const EVENTS = 20;

/** Finds the guest's address and logs in once: an open port alone proves nothing. */
export const connectGuest = effect('connectGuest', async (world, { host, vmId, hostKey }, signal) => {
  const address = await forwardedAddress(world, host, vmId, signal);
  const { user, password, privateKey, connectTimeout } = world.guest;
  const session = await world.openGuest({
    vmId,
    user,
    password,
    privateKey,
    hostKey,
    signal,
    connectTimeoutMs: connectTimeout,
    address: async () => address,
    hasAnswered: () => hasShownBanner(world.agent(host), vmId, signal),
  });
  session.close();
  return { address, hostKey: session.hostKey };
});

/**
 * The agent looks for the guest's SSH banner through the port that it forwards, and reports it in an event.
 */
async function hasShownBanner(client: AgentClient, vmId: string, signal: AbortSignal): Promise<boolean> {
  const events = await client.listEvents(vmId, { limit: EVENTS, signal });
  return events.some(({ type }) => type === 'SSH_READY');
}
