import { type Clock, systemClock } from '../../src/clock.ts';

/** The wall clock, moved ahead by a test, so that what waits for an instant need not be waited for. */
export class ShiftedClock implements Clock {
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  systemAheadBy(): number {
    return systemClock.systemAheadBy();
  }

  /** Who sleeps already is not woken. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleepUntil(at - this.#ahead, signal);
  }

  advance(ms: number): void {
    this.#ahead += ms;
  }
}
