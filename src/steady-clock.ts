/** What the machine tells of time. */
export interface TimeSource {
  /** Epoch ms of the system's clock, which people and time servers set forward and back. */
  wall(): number;
  /** Milliseconds since some instant, which nobody sets. */
  elapsed(): number;
  /** Calls `wake` once, after `ms` milliseconds that nobody sets; the function that it returns calls that off. */
  ring(ms: number, wake: () => void): () => void;
}

/** Node fires timers above this at once instead of late (2^31-1 ms, 24.8 days), so longer sleeps go in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * By how much faster or slower than time itself this clock goes while the system's clock is ahead or behind: a minute
 * is made up for in 50 minutes, and a length that is measured meanwhile is wrong by 2 % at most.
 */
const SLEW = 0.02;

/**
 * Begins at the time of the system and counts what passes. When the system's clock is set, forward or back, this one
 * does not jump, or deadlines would end at once or hours late: it approaches the system's time slowly.
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
    // Node's own promise of a timer makes an error with a stack for each sleep that is called off, and most are.
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let calledOff = () => {};
      const callOff = () => {
        calledOff();
        reject(signal?.reason);
      };
      const sleep = () => {
        const left = at - this.now();
        if (left > 0) {
          calledOff = this.#source.ring(Math.min(left, LONGEST_TIMER_MS), sleep);
          return;
        }
        signal?.removeEventListener('abort', callOff);
        resolve();
      };
      signal?.addEventListener('abort', callOff, { once: true });
      sleep();
    });
  }
}
