import type { Clock } from '../../src/clock.ts';

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<{ at: number; wake(): void }>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Instants for which somebody sleeps, in epoch ms. */
  get alarms(): number[] {
    return [...this.#sleepers].map(({ at }) => at);
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (at <= this.#now) return resolve();
      const sleeper = { at, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers].filter(({ at }) => at <= this.#now)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
