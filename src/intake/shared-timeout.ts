import type { Clock } from '../clock.ts';

const IDLE = Symbol('idle');

/**
 * The same limit for many things that begin one after the other, by one sleep in all: a timer and a signal for each
 * delivery cost as much as its signature.
 */
export class SharedTimeout {
  readonly #clock: Clock;
  readonly #ms: number;
  /** In the order of their ends. */
  readonly #waiting = new Set<{ at: number; reached: () => void }>();
  #sleep: AbortController | null = null;

  /** `ms`: milliseconds until the limit of whatever begins. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls `reached` once the time is over, unless what is returned was called before. */
  start(reached: () => void): () => void {
    const entry = { at: this.#clock.now() + this.#ms, reached };
    this.#waiting.add(entry);
    if (this.#sleep === null) void this.#watch();
    return () => {
      this.#waiting.delete(entry);
      if (this.#waiting.size === 0) this.#sleep?.abort(IDLE);
    };
  }

  async #watch(): Promise<void> {
    const sleep = new AbortController();
    this.#sleep = sleep;
    try {
      for (const entry of this.#waiting) {
        await this.#clock.sleepUntil(entry.at, sleep.signal);
        if (this.#waiting.delete(entry)) entry.reached();
      }
    } catch (error) {
      if (error !== IDLE) throw error;
    }
    this.#sleep = null;
    if (this.#waiting.size > 0) await this.#watch();
  }
}
