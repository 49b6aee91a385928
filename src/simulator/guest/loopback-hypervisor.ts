import type { Hypervisor } from '../agent/hypervisor.ts';
import { executeOverSsh } from './ssh-execute.ts';
import { newKeyPair, type SshGuestOptions, startSshGuest } from './ssh-guest.ts';
import { openTcpForward } from './tcp-forward.ts';

/** What all guests of one simulated Mac have in common. */
export type GuestSettings = Partial<Omit<SshGuestOptions, 'vmId' | 'plan' | 'hostKey'>>;

/** Guests as real SSH servers, forwarding as real sockets, everything on loopback. */
export function loopbackHypervisor(settings: GuestSettings = {}): Hypervisor {
  // Clones of one image have one host key.
  const { private: hostKey } = newKeyPair();
  return {
    powerOn: ({ id }, plan) =>
      startSshGuest({ user: 'admin', password: 'admin', ...settings, vmId: id, plan, hostKey }),
    forward: openTcpForward,
    execute: executeOverSsh,
  };
}
