import { setMaxListeners } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { type GuestTarget, guestUnreachable } from './guest-failure.ts';

/** Milliseconds of silence after which a second connection is opened beside the first, then a third, and so on. */
const HEDGE_AFTER = 100;

/** Bytes of the first line of an SSH server at most (RFC 4253 §4.2). */
const MAX_BANNER_LENGTH = 255;

/**
 * Waits for an SSH banner for `timeoutMs` in all, and opens one more connection each tenth of a second; the first banner
 * wins. A connection that the agent's port forward accepted before the guest's sshd ran stays silent for ever, so
 * waiting on it alone would cost its whole time after the guest is up. Throws GUEST_UNREACHABLE when the time is over
 * or the first connection fails otherwise, or the signal's reason.
 */
export function firstBanner(target: GuestTarget, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  // Each silent connection has one listener, so more than ten of them are intended.
  setMaxListeners(0, stop);
  const until = performance.now() + timeoutMs;

  return new Promise((resolve, reject) => {
    const end = () => {
      clearInterval(hedge);
      over.abort();
    };
    const onBanner = (socket: Socket) => {
      if (over.signal.aborted) return void socket.destroy();
      end();
      resolve(socket);
    };
    const onFailure = (error: unknown) => {
      if (over.signal.aborted) return;
      end();
      reject(error);
    };
    const connect = () => {
      const left = until - performance.now();
      if (left > 0) awaitBanner(target, Math.ceil(left), stop).then(onBanner, onFailure);
    };
    signal.throwIfAborted();
    const hedge = setInterval(connect, HEDGE_AFTER);
    connect();
  });
}

/**
 * Connects, waits for an SSH banner and returns the socket with the banner unread. A port forward of the agent accepts
 * connections long before the guest's sshd runs and then stays silent, so only the banner says that sshd is there.
 * Throws GUEST_UNREACHABLE after `timeoutMs` of silence, or the signal's reason.
 */
function awaitBanner(target: GuestTarget, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = createConnection({
    host: target.host,
    port: target.port,
    noDelay: true,
    timeout: timeoutMs,
  });
  let seen = Buffer.alloc(0);

  return new Promise((resolve, reject) => {
    const removeListeners = () => {
      socket.setTimeout(0);
      socket.off('error', onError).off('end', onEnd).off('timeout', onTimeout).off('readable', onReadable);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      removeListeners();
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
        removeListeners();
        socket.unshift(seen);
        resolve(socket);
      } else if (text.includes('\n') || seen.length > MAX_BANNER_LENGTH) {
        const line = JSON.stringify(text.trim().slice(0, 80));
        fail(guestUnreachable(target, `it answered ${line} instead of an SSH banner`));
      }
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError).on('end', onEnd).on('timeout', onTimeout).on('readable', onReadable);
  });
}
