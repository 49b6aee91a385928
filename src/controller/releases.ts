import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';

/**
 * Everything acquired, released in reverse order. One release that fails or hangs must not keep the others from
 * running, since the store's flush is among them.
 */
export class Releases {
  readonly #clock: Clock;
  readonly #list: { what: string; release: () => unknown }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  push(what: string, release: () => unknown): void {
    this.#list.push({ what, release });
  }

  /** `patience`: milliseconds that each release may take. */
  async run(log: Logger, patience: number): Promise<void> {
    for (const { what, release } of this.#list.splice(0).reverse()) {
      const done = new AbortController();
      const late = sleepFor(this.#clock, patience, done.signal).then(
        () => Promise.reject(new Error(`not done after ${patience} ms`)),
        () => undefined,
      );
      try {
        await Promise.race([Promise.resolve().then(release), late]);
      } catch (error) {
        log.warn({ err: error, what }, `could not release ${what} in order`);
      } finally {
        done.abort();
      }
    }
  }
}
