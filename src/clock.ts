import { setTimeout as delay } from 'node:timers/promises';

/** Node fires timers above this at once instead of late (2^31-1 ms, 24.8 days), so longer sleeps go in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Time as every module gets it: passed in, so that tests and the simulation own it. All instants are epoch milliseconds. */
export interface Clock {
  now(): number;
  /** Resolves at the instant `at` or just after it; rejects with the signal's reason when aborted. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(at, signal) {
    signal?.throwIfAborted();
    for (let left = at - Date.now(); left > 0; left = at - Date.now()) {
      await delay(Math.min(left, LONGEST_TIMER_MS), undefined, { signal });
    }
  },
};

/** A limit on something that may never end. */
export interface Timeout {
  /** Aborts with a TimeoutError, as `AbortSignal.timeout` does. */
  readonly signal: AbortSignal;
  /** Calls the limit off; without it, it keeps the process waiting until it is reached. */
  end(): void;
}

/** Begins a limit of `ms` milliseconds on the given clock. */
export function startTimeout(clock: Clock, ms: number): Timeout {
  const reached = new AbortController();
  const ended = new AbortController();
  sleepFor(clock, ms, ended.signal).then(
    () => reached.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')),
    () => undefined,
  );
  return { signal: reached.signal, end: () => ended.abort() };
}

/** Sleeps for a duration in milliseconds on the given clock. */
export function sleepFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return clock.sleepUntil(clock.now() + ms, signal);
}
