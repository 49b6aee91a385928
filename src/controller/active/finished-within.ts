import { type Clock, sleepFor } from '../../clock.ts';

/** Resolves when the work has ended, at the latest after `ms` milliseconds. */
export async function finishedWithin(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, sleepFor(clock, ms, done.signal).catch(() => undefined)]);
  done.abort();
}
