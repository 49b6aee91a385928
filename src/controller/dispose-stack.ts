import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import { type Clock, sleepFor } from '../clock.ts';
import { span } from '../format.js';

/**
 * Releases everything that was acquired, in reverse order. A step that fails or hangs does not prevent the
 * others, since the flush of the store is one of them.
 */
export class DisposeStack {
  readonly #clock: Clock;
  readonly #steps: { what: string; dispose: () => unknown }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `what` names the thing in the log when its release fails or hangs. */
  defer(what: string, dispose: () => unknown): void {
    this.#steps.push({ what, dispose });
  }

  /** `timeout`: milliseconds for each step. Never rejects. */
  async dispose(log: Logger, timeout: number): Promise<void> {
    for (const { what, dispose } of this.#steps.splice(0).reverse()) {
      const done = new AbortController();
      const late = sleepFor(this.#clock, timeout, done.signal).then(
        () => Promise.reject(new Error(`not done after ${span(timeout)}`)),
        () => undefined,
      );
      try {
        await Promise.race([Promise.resolve().then(dispose), late]);
      } catch (error) {
        log.warn(
          { err: error, what },
          `the daemon stops, but ${what} could not be closed in order: ${failureOf(error).message}`,
        );
      } finally {
        done.abort();
      }
    }
  }
}
