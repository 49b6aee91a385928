import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import type { HealthScope } from './health.ts';

export interface UptimeWatchOptions {
  /** The Macs that have run for too long. */
  long(): HealthScope[];
  clock: Clock;
  log: Logger;
}

/** Milliseconds between two warnings about the same Mac. */
const INTERVAL = 12 * 3_600_000;

/** Milliseconds until the first look: by then each host was looked at. */
const FIRST = 60_000;

/**
 * Warns in the log of Macs that have to be restarted: a person who reads only the log learns of it in time, too.
 * Returns the function that ends the watch.
 */
export function watchUptimes(options: UptimeWatchOptions): () => void {
  const stopped = new AbortController();
  void watch(options, stopped.signal);
  return () => stopped.abort();
}

async function watch({ long, clock, log }: UptimeWatchOptions, signal: AbortSignal): Promise<void> {
  for (let pause = FIRST; ; pause = INTERVAL) {
    await sleepFor(clock, pause, signal).catch(() => undefined);
    if (signal.aborted) return;
    for (const { what, name, sentence, whoActs } of long())
      log.warn(what === 'host' ? { host: name } : {}, `${sentence} ${whoActs}`);
  }
}
