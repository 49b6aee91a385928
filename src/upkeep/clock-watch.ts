import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import { span } from '../format.js';

/** Milliseconds between two looks. */
const INTERVAL = 60_000;
/** Milliseconds of difference from which a warning is logged: people do not read instants more exactly. */
const TOLD_FROM = 60_000;

/**
 * Warns when the system's clock was set far from the daemon's, which follows it only slowly: instants on the
 * page and in the journal then differ from those of everyone else. Returns the function that ends the watch.
 */
export function watchClock(clock: Clock, log: Logger): () => void {
  const stopped = new AbortController();
  void watch(clock, log, stopped.signal);
  return () => stopped.abort();
}

async function watch(clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
  let isTold = false;
  while (!signal.aborted) {
    const ahead = clock.systemAheadBy();
    const isFar = Math.abs(ahead) >= TOLD_FROM;
    if (isFar && !isTold) {
      const way = ahead > 0 ? 'ahead of' : 'behind';
      log.warn(
        { systemAheadByMs: Math.round(ahead) },
        `the system's clock is ${span(Math.abs(ahead))} ${way} the daemon's: it was set while the daemon was running. Waits and deadlines are right, but times on the page and in the journal are wrong by that much. Restart the daemon to correct them.`,
      );
    }
    if (!isFar && isTold) log.info("the system's clock and the daemon's agree again");
    isTold = isFar;
    await sleepFor(clock, INTERVAL, signal).catch(() => undefined);
  }
}
