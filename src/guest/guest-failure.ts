import { DaemonError } from '../errors.ts';

/** Where a connection to a guest was tried, and as which user. */
export interface GuestTarget {
  host: string;
  port: number;
  user: string;
}

/** A connection could not be made or broke; what ran in the guest is unknown. */
export function guestUnreachable({ host, port }: GuestTarget, why: string): DaemonError {
  return new DaemonError('GUEST_UNREACHABLE', `The guest behind ${host}:${port} cannot be reached: ${why}.`);
}

/**
 * The other side presented another host key than at this VM's first login. The agent can tell which VM has
 * the port.
 */
export function guestIdentityChanged({ host, port }: GuestTarget): DaemonError {
  return new DaemonError(
    'GUEST_IDENTITY_CHANGED',
    `The SSH server behind ${host}:${port} has another host key than at the first login to this VM, so the port now leads to another VM. ` +
      'Nothing was sent to it, and a new attempt is made.',
  );
}

/**
 * Returns what an error of ssh2 before the login's end means. ssh2 source: `level` is `client-authentication` when
 * every method was refused; a server that hangs up after too many tries only says so in the text. Its other levels
 * (`client-socket`, `client-timeout`, `protocol`, `handshake`) all mean that no SSH session was established.
 */
export function loginFailure(error: Error & { level?: string }, target: GuestTarget): DaemonError {
  if (error.level === 'client-authentication' || /authentication/i.test(error.message)) {
    return new DaemonError(
      'GUEST_LOGIN_REFUSED',
      `The guest behind ${target.host}:${target.port} refuses the login of "${target.user}": correct ` +
        'runner.ssh_user and its password or key, or turn Remote Login on for that user in the image.',
    );
  }
  return guestUnreachable(target, error.message);
}
