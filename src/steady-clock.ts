/** The time sources of the machine. */
export interface TimeSource {
  /** Epoch ms of the system's clock, which people and time servers may set forward or back. */
  wall(): number;
  /** Milliseconds since some fixed instant; nobody can set this clock. */
  elapsed(): number;
  /** Calls `wake` once, after `ms` milliseconds of `elapsed`. The returned function cancels the call. */
  ring(ms: number, wake: () => void): () => void;
}

/**
 * Node fires timers above this at once instead of late (2^31-1 ms, 24.8 days), so longer sleeps are split.
 */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * By how much faster or slower this clock runs while the system's clock is ahead of it or behind: it makes up
 * for a minute in 50 minutes, and a duration measured during that time is wrong by 2 % at most.
 */
const SLEW = 0.02;

/**
 * Starts at the system's time and counts elapsed time. When the system's clock is set forward or back, this
 * clock does not jump, since deadlines would then end at once or hours late. It approaches the system's time
 * slowly.
 */
export class SteadyClock {
  readonly #source: TimeSource;
  #ours: number;
  #elapsed: number;

  constructor(source: TimeSource) {
    this.#source = source;
    this.#ours = source.wall();
    this.#elapsed = source.elapsed();
  }

  /** Epoch ms, whole; never goes back. */
  now(): number {
    const { wall, elapsed } = this.#source;
    const at = elapsed();
    const passed = at - this.#elapsed;
    if (passed > 0) {
      this.#elapsed = at;
      this.#ours += passed;
      const most = passed * SLEW;
      this.#ours += Math.min(most, Math.max(-most, wall() - this.#ours));
    }
    return Math.floor(this.#ours);
  }

  /** Milliseconds by which the system's clock is ahead of this one; negative when it is behind. */
  systemAheadBy(): number {
    return this.#source.wall() - this.now();
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    // `node:timers/promises` creates an error with a stack for each cancelled sleep, and most sleeps are
    // cancelled.
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (at <= this.now()) return resolve();
      const abort = () => {
        callOff();
        reject(signal?.reason);
      };
      const callOff = this.alarm(at, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  alarm(at: number, wake: () => void): () => void {
    const ring = () => {
      const left = at - this.now();
      if (left <= 0) wake();
      else callOff = this.#ring(left, ring);
    };
    let callOff = this.#ring(at - this.now(), ring);
    return () => callOff();
  }

  #ring(ms: number, wake: () => void): () => void {
    return this.#source.ring(Math.min(Math.max(0, ms), LONGEST_TIMER_MS), wake);
  }
}
