import type { Clock } from '../../clock.ts';

interface Limit {
  /** Epoch ms. */
  at: number;
  reach(): void;
}

/**
 * The same time limit for many uses that begin one after the other, with one sleep for all: a timer and a
 * signal for each delivery cost as much as checking its signature.
 */
export class SharedTimeout {
  readonly #clock: Clock;
  readonly #ms: number;
  /** In the order of their ends. */
  readonly #limits = new Set<Limit>();
  /** Cancels the present sleep; null exactly when there is no sleep. */
  #sleep: AbortController | null = null;

  /** `ms`: milliseconds of the limit. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** `reached` resolves when the time is over, and never if `end` was called before. */
  start(): { reached: Promise<void>; end(): void } {
    const limit: Limit = { at: this.#clock.now() + this.#ms, reach: () => undefined };
    const reached = new Promise<void>((resolve) => {
      limit.reach = resolve;
    });
    this.#limits.add(limit);
    if (this.#sleep === null) void this.#watch();
    return { reached, end: () => this.#end(limit) };
  }

  #end(limit: Limit): void {
    this.#limits.delete(limit);
    if (this.#limits.size === 0) this.#sleep?.abort();
  }

  async #watch(): Promise<void> {
    for (let [next] = this.#limits; next; [next] = this.#limits) {
      this.#sleep = new AbortController();
      const isOver = await this.#clock.sleepUntil(next.at, this.#sleep.signal).then(
        () => true,
        () => false,
      );
      if (isOver && this.#limits.delete(next)) next.reach();
    }
    this.#sleep = null;
  }
}
