import { Guest } from '../../guest/guest.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Logs in to a guest, does one thing in it and closes the login, also after an error. Rejects with GUEST_* failures. */
export async function withGuest<T>(
  world: EffectWorld,
  { address, hostKey }: { address: { host: string; port: number }; hostKey: string | null },
  signal: AbortSignal,
  use: (guest: Guest) => Promise<T>,
): Promise<T> {
  const { user, password, privateKey, connectTimeout, installPath } = world.guest;
  const session = await world.openGuest({
    address,
    hostKey,
    user,
    password,
    privateKey,
    signal,
    connectTimeoutMs: connectTimeout,
  });
  try {
    return await use(new Guest(session, installPath, signal));
  } finally {
    session.close();
  }
}
