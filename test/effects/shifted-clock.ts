import { type Clock, systemClock } from '../../src/clock.ts';

/** The wall clock, which a test moves ahead, so that it need not wait for an instant. */
export class ShiftedClock implements Clock {
  #ahead = 0;

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  systemAheadBy(): number {
    return systemClock.systemAheadBy();
  }

  /** Sleeps that have begun already are not ended. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleepUntil(at - this.#ahead, signal);
  }

  alarm(at: number, wake: () => void): () => void {
    return systemClock.alarm(at - this.#ahead, wake);
  }

  advance(ms: number): void {
    this.#ahead += ms;
  }
}
