import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { awaitBanner } from './await-banner.ts';
import type { GuestTarget } from './guest-failure.ts';

/** Milliseconds after which a silent connection gets company. */
const COMPANY_AFTER = 100;

/**
 * Waits for an SSH banner by a fresh connection each tenth of a second, for `timeoutMs` in all; the first banner wins. A
 * connection that the agent's port forward took before the guest's sshd ran stays silent for good, so that to wait
 * on it alone would cost its whole time after the guest is up. Throws as `awaitBanner` does.
 */
export function firstBanner(target: GuestTarget, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  // One listener for each connection that is silent: they are meant.
  setMaxListeners(0, stop);
  const until = performance.now() + timeoutMs;

  return new Promise((resolve, reject) => {
    const end = () => {
      clearInterval(company);
      over.abort();
    };
    const answered = (socket: Socket) => {
      if (over.signal.aborted) return void socket.destroy();
      end();
      resolve(socket);
    };
    const failed = (error: unknown) => {
      if (over.signal.aborted) return;
      end();
      reject(error);
    };
    const ask = () => {
      const left = until - performance.now();
      if (left > 0) awaitBanner(target, Math.ceil(left), stop).then(answered, failed);
    };
    signal.throwIfAborted();
    const company = setInterval(ask, COMPANY_AFTER);
    ask();
  });
}
