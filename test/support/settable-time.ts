import type { TimeSource } from '../../src/steady-clock.ts';
import type { ManualClock } from './manual-clock.ts';

/** A machine's time on a manual clock, with a system clock that can be set. */
export class SettableTime implements TimeSource {
  readonly #true: ManualClock;
  /** Milliseconds by which the system's clock is ahead of true time; negative when it is behind. */
  aheadBy = 0;
  /** Milliseconds that the machine slept without counting them, as Linux does. */
  uncounted = 0;

  readonly #began: number;
  readonly #rate: number;

  /** `rate`: how fast its clocks run; 1 is right. */
  constructor(trueTime: ManualClock, rate = 1) {
    this.#true = trueTime;
    this.#began = trueTime.now();
    this.#rate = rate;
  }

  wall = (): number => this.#counted() + this.aheadBy;

  elapsed = (): number => this.#counted() - this.uncounted;

  ring = (ms: number, wake: () => void): (() => void) =>
    this.#true.alarm(this.#true.now() + ms / this.#rate, wake);

  #counted(): number {
    return this.#began + (this.#true.now() - this.#began) * this.#rate;
  }
}
