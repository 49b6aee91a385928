import type { Clock } from '../../src/clock.ts';

/**
 * One process of the daemon. After its death nothing that it waited for ever comes: no timer, no answer, no write. What
 * is left of it can be collected, since nobody waits for it either.
 */
export class Life {
  /** Aborted when it dies: its sockets are closed. */
  readonly #end = new AbortController();
  readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now(),
      sleepUntil: (at, signal) => this.guard(clock.sleepUntil(at, signal)),
    };
  }

  get isAlive(): boolean {
    return !this.#end.signal.aborted;
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Passes a result on as long as it lives. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => this.isAlive && resolve(value),
        (error: unknown) => this.isAlive && reject(error),
      );
    });
  }

  die(): void {
    this.#end.abort(new Error('the daemon died'));
  }
}

/** What a dead process gets. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);
