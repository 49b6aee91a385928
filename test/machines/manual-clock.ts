/** Time that moves only when a test moves it. */
export class ManualClock {
  #now: number;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now = (): number => this.#now;

  sleepUntil(at: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (at <= this.#now) return resolve();
      const sleeper = { at, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  /** The instants that somebody waits for, earliest first. */
  waits(): number[] {
    return [...this.#sleepers].map(({ at }) => at).sort((a, b) => a - b);
  }

  /** Wakes all whose instant has come, in order, and lets what follows from it happen. */
  async moveTo(instant: number): Promise<void> {
    for (let next = this.waits()[0]; next !== undefined && next <= instant; next = this.waits()[0]) {
      this.#now = Math.max(this.#now, next);
      for (const sleeper of [...this.#sleepers].filter(({ at }) => at <= this.#now)) {
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settled();
    }
    this.#now = Math.max(this.#now, instant);
  }
}

/** All promises that can go on without time or the outside world have done so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
