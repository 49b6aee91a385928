import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { awaitBanner } from './await-banner.ts';
import type { GuestTarget } from './guest-failure.ts';

/** Milliseconds after which a silent connection gets company. */
const COMPANY_AFTER = 1_000;

/**
 * Waits for an SSH banner by a fresh connection each second, for `timeoutMs` in all; the first banner wins. A
 * connection that the agent's port forward took before the guest's sshd ran stays silent for good, so that to wait
 * on it alone would cost its whole time after the guest is up. Throws as `awaitBanner` does.
 */
export async function firstBanner(
  target: GuestTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const tries = [awaitBanner(target, timeoutMs, stop)];
  for (let after = COMPANY_AFTER; after < timeoutMs; after += COMPANY_AFTER) {
    const next = async () => {
      await delay(after, undefined, { signal: stop });
      return awaitBanner(target, timeoutMs - after, stop);
    };
    tries.push(next());
  }
  try {
    const winner = await Promise.race(tries);
    for (const one of tries)
      one.then((socket) => socket !== winner && socket.destroy()).catch(() => undefined);
    return winner;
  } catch (error) {
    for (const one of tries) one.then((socket) => socket.destroy()).catch(() => undefined);
    throw signal.aborted ? signal.reason : error;
  } finally {
    over.abort();
  }
}
