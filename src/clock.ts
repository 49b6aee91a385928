import { setMaxListeners } from 'node:events';
import { SteadyClock } from './steady-clock.ts';

/**
 * Time as every module gets it: passed in, so that tests and the simulation own it. All instants are epoch milliseconds
 * on one clock of ours, which no change of the system's clock makes jump: two of its instants measure a length.
 */
export interface Clock {
  now(): number;
  /** Resolves at the instant `at` or just after it; rejects with the signal's reason when aborted. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
  /** Milliseconds by which the system's clock is ahead of this one; negative when it is behind. */
  systemAheadBy(): number;
}

/** The clock of this process, on the clocks and timers of its machine. */
export const systemClock: Clock = new SteadyClock({
  wall: () => Date.now(),
  elapsed: () => performance.now(),
  ring: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
});

/** A limit on something that may never end. */
export interface Timeout {
  /** Aborts with a TimeoutError, as `AbortSignal.timeout` does. */
  readonly signal: AbortSignal;
  /** Calls the limit off; without it, it keeps the process waiting until it is reached, and its outer signal keeps it. */
  end(): void;
}

const ENDED = Symbol('ended');

/**
 * Begins a limit of `ms` milliseconds on the given clock. Its signal also aborts as `outer` does, with the reason of that.
 * `AbortSignal.any` is not used: an `outer` that lives as long as the daemon would keep a reference to each limit.
 */
export function startTimeout(clock: Clock, ms: number, outer?: AbortSignal | null): Timeout {
  const reached = new AbortController();
  const ended = new AbortController();
  const passOn = () => reached.abort(outer?.reason);
  const end = () => {
    outer?.removeEventListener('abort', passOn);
    ended.abort(ENDED);
  };
  if (outer?.aborted) {
    passOn();
    return { signal: reached.signal, end };
  }
  // As many follow it as there are requests under way; Node would warn of a leak from the eleventh on.
  if (outer) setMaxListeners(0, outer);
  outer?.addEventListener('abort', passOn, { once: true });
  sleepFor(clock, ms, ended.signal).then(
    () => reached.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')),
    () => undefined,
  );
  return { signal: reached.signal, end };
}

/** Sleeps for a duration in milliseconds on the given clock. */
export function sleepFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return clock.sleepUntil(clock.now() + ms, signal);
}
