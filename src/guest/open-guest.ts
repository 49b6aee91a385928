import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Client } from 'ssh2';
import { beginCall } from '../call-trace.ts';
import { firstBanner, type HasAnswered } from './first-banner.ts';
import { type GuestTarget, guestIdentityChanged, guestUnreachable, loginFailure } from './guest-failure.ts';
import { GuestSession } from './guest-session.ts';

export interface GuestAddress {
  host: string;
  port: number;
}

export interface GuestOptions {
  /** Id of the VM that the guest is in: ports are reused, and clones share host keys. */
  vmId: string;
  /**
   * Asks where this daemon reaches the guest now. Called right before a connection is made, since the agent
   * reuses the port of a deleted VM at once.
   */
  address(): Promise<GuestAddress>;
  user: string;
  password?: string | null;
  /** The key itself, in PEM or OpenSSH form. */
  privateKey?: string | null;
  /** Milliseconds for the connection and its banner, and then for the login. */
  connectTimeoutMs: number;
  /** For a guest that boots. When the guest has responded before, silence means that it is slow. */
  hasAnswered?: HasAnswered;
  /** Base64 SHA-256 of the host key at the VM's first login; null at that login itself. */
  hostKey: string | null;
  signal?: AbortSignal | undefined;
}

/** A connection on which three of these get no response is dead; ssh2 sends none by default. */
const KEEPALIVE = { keepaliveInterval: 5_000, keepaliveCountMax: 3 } as const;

/**
 * Logs in to a guest. Throws GUEST_UNREACHABLE (refused, silent, hung up, late), GUEST_LOGIN_REFUSED, or
 * GUEST_IDENTITY_CHANGED when the host key is not the pinned one, before it sends any secret.
 */
export async function openGuest(options: GuestOptions): Promise<GuestSession> {
  const signal = options.signal ?? new AbortController().signal;
  const { host, port } = await options.address();
  const target = { host, port, user: options.user };
  const ended = beginCall({ system: 'guest', host: `${host}:${port}`, method: 'ssh', route: 'log in' });
  try {
    const socket = await firstBanner(target, options.connectTimeoutMs, signal, options.hasAnswered ?? null);
    const session = await login(socket, target, options, signal);
    ended(0);
    return session;
  } catch (error) {
    ended(null);
    throw error;
  }
}

function login(
  socket: Socket,
  target: GuestTarget,
  { password, privateKey, connectTimeoutMs, hostKey }: GuestOptions,
  signal: AbortSignal,
): Promise<GuestSession> {
  const client = new Client();
  let presented: string | null = null;

  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      client.off('error', onError).off('close', onClose);
      // An error event without a listener would end the process.
      client.on('error', () => {}).destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const onError = (error: Error & { level?: string }) => {
      const changed = presented !== null && hostKey !== null && presented !== hostKey;
      fail(changed ? guestIdentityChanged(target) : loginFailure(error, target));
    };
    const onClose = () => fail(guestUnreachable(target, 'it closed the connection during the login'));

    signal.addEventListener('abort', onAbort, { once: true });
    client.on('error', onError).on('close', onClose);
    // Images with PasswordAuthentication off still accept the password this way.
    client.on('keyboard-interactive', (_name, _instructions, _language, prompts, answer) => {
      answer(prompts.map(() => password ?? ''));
    });
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      client.off('error', onError).off('close', onClose);
      resolve(new GuestSession(client, target, presented ?? ''));
    });
    try {
      client.connect({
        sock: socket,
        username: target.user,
        ...(password ? { password, tryKeyboard: true } : {}),
        ...(privateKey ? { privateKey } : {}),
        readyTimeout: connectTimeoutMs,
        hostVerifier: (key: Buffer) => {
          presented = createHash('sha256').update(key).digest('base64');
          return hostKey === null || presented === hostKey;
        },
        ...KEEPALIVE,
      });
    } catch (error) {
      // ssh2 reads the key before it connects; its message names the problem, not the key.
      socket.destroy();
      fail(loginFailure(Object.assign(error as Error, { level: 'client-authentication' }), target));
    }
  });
}
