import type { Clock } from '../../src/clock.ts';

/** A running clock that starts some time ago and can be moved forward, so that a day takes seconds. */
export class PictureClock implements Clock {
  #behind: number;
  readonly #sleepers = new Set<{ at: number; wake(): void }>();

  /** `behind`: how many milliseconds before now it starts. */
  constructor(behind: number) {
    this.#behind = behind;
  }

  now(): number {
    return Date.now() - this.#behind;
  }

  systemAheadBy(): number {
    return this.#behind;
  }

  /** Milliseconds by which it is still behind the system's clock. */
  get behind(): number {
    return this.#behind;
  }

  /** Lets `ms` milliseconds pass at once; sleeps until then end in their order. */
  async pass(ms: number): Promise<void> {
    this.#behind -= Math.min(ms, this.#behind);
    const due = [...this.#sleepers].filter(({ at }) => at <= this.now()).sort((a, b) => a.at - b.at);
    for (const sleeper of due) sleeper.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        callOff();
        reject(signal?.reason);
      };
      const callOff = this.alarm(at, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  alarm(at: number, wake: () => void): () => void {
    const callOff = () => {
      clearTimeout(timer);
      this.#sleepers.delete(sleeper);
    };
    const ring = () => {
      callOff();
      wake();
    };
    const sleeper = { at, wake: ring };
    const timer = setTimeout(ring, Math.max(0, Math.min(at - this.now(), 2 ** 31 - 1)));
    this.#sleepers.add(sleeper);
    return callOff;
  }
}
