import type { Clock } from '../../src/clock.ts';

/** Runs as every clock does, but begins some time ago and can be put forward, so that a day is over in seconds. */
export class PictureClock implements Clock {
  #behind: number;
  readonly #sleepers = new Set<{ at: number; wake(): void }>();

  /** `behind`: milliseconds before now at which it begins. */
  constructor(behind: number) {
    this.#behind = behind;
  }

  now(): number {
    return Date.now() - this.#behind;
  }

  systemAheadBy(): number {
    return this.#behind;
  }

  /** Milliseconds until it shows the time of everybody else. */
  get behind(): number {
    return this.#behind;
  }

  /** Lets `ms` pass at once, and everything that slept until then wake in its order. */
  async pass(ms: number): Promise<void> {
    this.#behind -= Math.min(ms, this.#behind);
    const due = [...this.#sleepers].filter(({ at }) => at <= this.now()).sort((a, b) => a.at - b.at);
    for (const sleeper of due) sleeper.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', stop);
        settle();
      };
      const sleeper = { at, wake: () => end(resolve) };
      const stop = () => end(() => reject(signal?.reason));
      const timer = setTimeout(sleeper.wake, Math.max(0, Math.min(at - this.now(), 2 ** 31 - 1)));
      signal?.addEventListener('abort', stop);
      this.#sleepers.add(sleeper);
    });
  }
}
