import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';

export interface ServedWatchOptions {
  /** Jobs that could have a slot and have none. */
  couldBegin(): readonly { key: string; profile: string }[];
  clock: Clock;
  log: Logger;
}

/** Milliseconds between two looks at the queue. */
const INTERVAL = 5_000;

/**
 * For how long jobs were left without a slot that they could have had. It looks by itself, whether or not
 * anything asks the scheduler to decide, since it exists to find a scheduler that is never woken. It changes
 * nothing.
 */
export class ServedWatch {
  readonly #options: ServedWatchOptions;
  /** By actor, epoch ms at which its job could first begin. */
  #since = new Map<string, { profile: string; since: number }>();
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ServedWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#running;
  }

  /** For how many milliseconds the longest waiting job of a profile could have begun; 0 when none could. */
  unservedFor(profile: string): number {
    const now = this.#options.clock.now();
    const waits = [...this.#since.values()].filter((wait) => wait.profile === profile);
    return Math.max(0, ...waits.map(({ since }) => now - since));
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        this.#look();
      } catch (error) {
        log.error(
          { err: error },
          'the daemon could not check whether each queued job gets a VM, and tries it again; the jobs go on. If this repeats, report it',
        );
      }
      await sleepFor(clock, INTERVAL, signal).catch(() => undefined);
    }
  }

  #look(): void {
    const now = this.#options.clock.now();
    const before = this.#since;
    this.#since = new Map(
      this.#options
        .couldBegin()
        .map(({ key, profile }) => [key, { profile, since: before.get(key)?.since ?? now }]),
    );
  }
}
