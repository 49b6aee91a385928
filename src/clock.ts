import { setMaxListeners } from 'node:events';

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
  // Node's own promise of a timer makes an error with a stack for each sleep that is called off, and most are.
  sleepUntil: (at, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let timer: NodeJS.Timeout | undefined;
      const callOff = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const sleep = () => {
        const left = at - Date.now();
        if (left > 0) {
          timer = setTimeout(sleep, Math.min(left, LONGEST_TIMER_MS));
          return;
        }
        signal?.removeEventListener('abort', callOff);
        resolve();
      };
      signal?.addEventListener('abort', callOff, { once: true });
      sleep();
    }),
};

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
