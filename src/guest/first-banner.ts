import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GuestTarget, guestUnreachable } from './guest-failure.ts';

/** Whether the guest's sshd is known to have responded at its port. Costs one request to the agent. */
export type HasAnswered = () => Promise<boolean>;

/** Milliseconds of silence after which the first connection to a guest that boots is replaced. */
const FIRST_PATIENCE = 100;
/**
 * Factor by which each further connection is waited for longer: a slow guest has to get its banner through in
 * the end.
 */
const GROWTH = 1.5;
/** Milliseconds between two checks whether the guest has responded. */
const ASK_INTERVAL = 500;

/** Most bytes of the first line of an SSH server (RFC 4253 §4.2). */
const MAX_BANNER_LENGTH = 255;

/**
 * Waits for an SSH banner for `timeoutMs` in all, on one connection at a time, and returns its socket with
 * the banner unread. A connection that the agent's port forward accepted before the guest's sshd ran stays
 * silent for ever. A connection to a guest that is slow, or still makes its host keys, is silent for seconds.
 * From outside they look the same. So while `hasAnswered` returns false, a silent connection is replaced by
 * another one, after growing pauses. Once it returns true, or without it, one connection is waited for to the
 * end, since each further one is more work for a slow guest. Throws GUEST_UNREACHABLE when the time is over
 * or a connection fails in another way, or the signal's reason.
 */
export async function firstBanner(
  target: GuestTarget,
  timeoutMs: number,
  signal: AbortSignal,
  hasAnswered: HasAnswered | null,
): Promise<Socket> {
  if (hasAnswered === null) return awaitBanner(target, timeoutMs, signal);
  const until = performance.now() + timeoutMs;
  const left = () => Math.max(1, Math.ceil(until - performance.now()));
  const over = new AbortController();
  const answered = new AbortController();
  void askUntilAnswered(hasAnswered, answered, AbortSignal.any([signal, over.signal]));
  try {
    for (let patience = FIRST_PATIENCE; !answered.signal.aborted && patience < left(); patience *= GROWTH) {
      const replaced = AbortSignal.any([signal, answered.signal, AbortSignal.timeout(Math.ceil(patience))]);
      try {
        return await awaitBanner(target, left(), replaced);
      } catch (error) {
        if (signal.aborted || error !== replaced.reason) throw error;
      }
    }
    return await awaitBanner(target, left(), signal);
  } finally {
    over.abort();
  }
}

async function askUntilAnswered(hasAnswered: HasAnswered, answered: AbortController, stop: AbortSignal) {
  while (!stop.aborted) {
    await sleep(ASK_INTERVAL, undefined, { signal: stop }).catch(() => undefined);
    if (!stop.aborted && (await hasAnswered().catch(() => false))) return answered.abort();
  }
}

/**
 * Connects, waits for an SSH banner and returns the socket with the banner unread. A port forward of the agent accepts
 * connections long before the guest's sshd runs and then stays silent, so only the banner says that sshd is there.
 * Throws GUEST_UNREACHABLE after `timeoutMs` of silence, or the signal's reason.
 */
function awaitBanner(target: GuestTarget, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  if (!isPort(target.port)) return Promise.reject(guestUnreachable(target, 'there is no such port'));
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
    const onEnd = () =>
      fail(guestUnreachable(target, 'it closed the connection before it sent an SSH banner'));
    const onTimeout = () =>
      fail(
        guestUnreachable(
          target,
          socket.connecting ? 'no answer in time' : 'the port is open, but no SSH banner came',
        ),
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

/** Node throws for any other number when it connects. */
const isPort = (port: number) => Number.isInteger(port) && port > 0 && port <= 65_535;
