import { createConnection, type Socket } from 'node:net';
import { type GuestTarget, guestUnreachable } from './guest-failure.ts';

/** Longest first line of an SSH server (RFC 4253 §4.2). */
const LONGEST_BANNER = 255;

/**
 * Connects and waits for an SSH banner, then hands the socket over with the banner still unread. A port forward
 * of the agent accepts connections long before the guest's sshd runs and then stays silent, so only the banner
 * says that somebody is there. Throws GUEST_UNREACHABLE after `timeoutMs` of silence, or the signal's reason.
 */
export function awaitBanner(target: GuestTarget, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = createConnection({
    host: target.host,
    port: target.port,
    noDelay: true,
    timeout: timeoutMs,
  });
  let seen = Buffer.alloc(0);

  return new Promise((resolve, reject) => {
    const leave = () => {
      socket.setTimeout(0);
      socket.off('error', onError).off('end', onEnd).off('timeout', onTimeout).off('readable', onReadable);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      leave();
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason);
    const onError = ({ code, message }: NodeJS.ErrnoException) =>
      fail(guestUnreachable(target, code ?? message));
    const onEnd = () => fail(guestUnreachable(target, 'it hung up before an SSH banner came'));
    const onTimeout = () =>
      fail(
        guestUnreachable(target, socket.connecting ? 'nobody answers' : 'the port is open but stays silent'),
      );
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      seen = Buffer.concat([seen, chunk]);
      const text = seen.toString('latin1');
      if (text.startsWith('SSH-')) {
        leave();
        socket.unshift(seen);
        resolve(socket);
      } else if (text.includes('\n') || seen.length > LONGEST_BANNER) {
        const line = JSON.stringify(text.trim().slice(0, 80));
        fail(guestUnreachable(target, `it answered ${line} instead of an SSH banner`));
      }
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError).on('end', onEnd).on('timeout', onTimeout).on('readable', onReadable);
  });
}
