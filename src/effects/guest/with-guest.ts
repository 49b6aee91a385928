import { hasCode } from '../../errors.ts';
import { Guest } from '../../guest/guest.ts';
import type { GuestAddress, GuestOptions } from '../../guest/open-guest.ts';
import type { EffectWorld } from '../effect-world.ts';
import { forwardedAddress } from './forwarded-address.ts';

export interface GuestPlace {
  host: string;
  vmId: string;
  /** The host key at the VM's first login; null at that login itself. */
  hostKey: string | null;
}

/**
 * Logs in to a guest, does one thing in it and closes the login, also after an error. When it has to connect,
 * it asks the agent for the guest's address right before that. Rejects with GUEST_* failures.
 */
export async function withGuest<T>(
  world: EffectWorld,
  { host, vmId, hostKey }: GuestPlace,
  signal: AbortSignal,
  use: (guest: Guest) => Promise<T>,
): Promise<T> {
  const { user, password, privateKey, connectTimeout, installPath } = world.guest;
  const login = { vmId, user, password, privateKey, signal, connectTimeoutMs: connectTimeout };
  const askAddress = () => forwardedAddress(world, host, vmId, signal);
  const session = await openKnownGuest(world, { ...login, hostKey, address: askAddress });
  try {
    return await use(new Guest(session, installPath, signal));
  } finally {
    session.close();
  }
}

/**
 * A host key that differs from the first login's means that the port went to another VM, or that this guest
 * still makes its keys during its first connections. The agent decides: a port that it names for this VM both
 * before and after the login is the VM's own.
 */
async function openKnownGuest(world: EffectWorld, options: GuestOptions) {
  let asked: GuestAddress | null = null;
  const address = async () => {
    asked = await options.address();
    return asked;
  };
  try {
    return await world.openGuest({ ...options, address });
  } catch (error) {
    if (!hasCode(error, 'GUEST_IDENTITY_CHANGED') || asked === null) throw error;
    const before: GuestAddress = asked;
    const now = await options.address();
    const isItsOwn = now.host === before.host && now.port === before.port;
    const hostKey = isItsOwn ? null : options.hostKey;
    return world.openGuest({ ...options, address: async () => now, hostKey });
  }
}
