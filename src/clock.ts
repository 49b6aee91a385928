import { setMaxListeners } from 'node:events';
import { SteadyClock, type TimeSource } from './steady-clock.ts';

/**
 * Time as every module gets it: passed in, so that tests and the simulation control it. All instants are
 * epoch milliseconds on one clock of this process. A change of the system's clock does not make it jump, so
 * the difference of two instants is a duration.
 */
export interface Clock {
  now(): number;
  /** Resolves at the instant `at` or just after it; rejects with the signal's reason when aborted. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `wake` once, at the instant `at` or just after it, and never before this has returned. The returned function
   * cancels the call. Cheaper than a sleep with a signal.
   */
  alarm(at: number, wake: () => void): () => void;
  /** Milliseconds by which the system's clock is ahead of this one; negative when it is behind. */
  systemAheadBy(): number;
}

/** The clocks and timers of this machine. */
export const systemTime: TimeSource = {
  wall: () => Date.now(),
  elapsed: () => performance.now(),
  ring: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};

/** The clock of this process. */
export const systemClock: Clock = new SteadyClock(systemTime);

/** A time limit on something that may never end. */
export interface Timeout {
  /** Aborts with a TimeoutError, as `AbortSignal.timeout` does. */
  readonly signal: AbortSignal;
  /**
   * Cancels the limit. A limit that is not cancelled keeps the process running until it is reached, and its
   * outer signal keeps a reference to it.
   */
  end(): void;
}

/**
 * Starts a limit of `ms` milliseconds on the given clock. Its signal also aborts when `outer` does, with the
 * same reason. `AbortSignal.any` is not used: an `outer` that lives as long as the daemon would keep a
 * reference to each limit.
 */
export function startTimeout(clock: Clock, ms: number, outer?: AbortSignal | null): Timeout {
  const reached = new AbortController();
  const passOn = () => reached.abort(outer?.reason);
  if (outer?.aborted) {
    passOn();
    return { signal: reached.signal, end: () => undefined };
  }
  // One listener for each request under way; Node would warn of a leak from the eleventh on.
  if (outer) setMaxListeners(0, outer);
  outer?.addEventListener('abort', passOn, { once: true });
  const callOff = clock.alarm(clock.now() + ms, () =>
    reached.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')),
  );
  const end = () => {
    outer?.removeEventListener('abort', passOn);
    callOff();
  };
  return { signal: reached.signal, end };
}

/**
 * Does some work within a limit of `ms` milliseconds, and returns its result. The work has to end when the signal that it
 * gets aborts, which it also does when `outer` does.
 */
export async function withinTimeout<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const timeout = startTimeout(clock, ms, outer);
  try {
    return await work(timeout.signal);
  } finally {
    timeout.end();
  }
}

/** Sleeps for a duration in milliseconds on the given clock. */
export function sleepFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return clock.sleepUntil(clock.now() + ms, signal);
}
