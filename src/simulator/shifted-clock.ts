import type { Clock } from '../clock.ts';

/** Returns a clock that is ahead of another one by some milliseconds, or behind it when they are negative. */
export function shiftedClock(clock: Clock, aheadBy: number): Clock {
  return {
    now: () => clock.now() + aheadBy,
    systemAheadBy: () => clock.systemAheadBy(),
    sleepUntil: (at, signal) => clock.sleepUntil(at - aheadBy, signal),
    alarm: (at, wake) => clock.alarm(at - aheadBy, wake),
  };
}
