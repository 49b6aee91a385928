import type { TimeSource } from '../../src/steady-clock.ts';
import type { ManualClock } from './manual-clock.ts';

/** A machine's time on a manual clock, with a system clock that can be set. */
export class SettableTime implements TimeSource {
  readonly #true: ManualClock;
  /** Milliseconds by which the system's clock is ahead of true time; negative when it is behind. */
  aheadBy = 0;
  /** Milliseconds that the machine slept without counting them, as Linux does. */
  uncounted = 0;

  constructor(trueTime: ManualClock) {
    this.#true = trueTime;
  }

  wall = (): number => this.#true.now() + this.aheadBy;

  elapsed = (): number => this.#true.now() - this.uncounted;

  ring = (ms: number, wake: () => void): (() => void) => this.#true.alarm(this.#true.now() + ms, wake);
}
