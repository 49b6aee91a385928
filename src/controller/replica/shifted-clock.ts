import type { Clock } from '../../clock.ts';

/**
 * A clock that shows the time of another one: records that one controller wrote and another goes on with have the
 * instants of the database's clock. The difference is measured once, since a clock must not jump while it is used.
 */
export class ShiftedClock implements Clock {
  readonly #clock: Clock;
  readonly #ahead: number;

  /** `ahead`: milliseconds by which the other clock is ahead. */
  constructor(clock: Clock, ahead: number) {
    this.#clock = clock;
    this.#ahead = ahead;
  }

  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleepUntil(at - this.#ahead, signal);
  }

  alarm(at: number, wake: () => void): () => void {
    return this.#clock.alarm(at - this.#ahead, wake);
  }

  systemAheadBy(): number {
    return this.#clock.systemAheadBy() - this.#ahead;
  }
}
