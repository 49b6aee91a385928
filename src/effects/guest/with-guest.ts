import type { GuestLogin } from '../../guest/guest-session.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Opens the guest, does one thing in it and closes it, whatever happens. Rejects with GUEST_* failures. */
export async function withGuest<T>(
  world: EffectWorld,
  guest: { address: { host: string; port: number }; hostKey: string | null },
  signal: AbortSignal,
  use: (session: GuestLogin) => Promise<T>,
): Promise<T> {
  const session = await world.openGuest({
    address: guest.address,
    user: world.guest.user,
    password: world.guest.password,
    privateKey: world.guest.privateKey,
    connectTimeoutMs: world.guest.connectTimeout,
    hostKey: guest.hostKey,
    signal,
  });
  try {
    return await use(session);
  } finally {
    session.close();
  }
}
