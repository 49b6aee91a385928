import type { Clock } from './clock.ts';

/**
 * When each thing last succeeded. A failure without an error (a loop that hangs, a request that gets no
 * response) can be seen only by this age. In memory: after a start nothing has succeeded yet.
 */
export class Successes {
  readonly #clock: Clock;
  readonly #last = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(what: string): void {
    this.#last.set(what, this.#clock.now());
  }

  /** Milliseconds since the last success; null when there was none. */
  age(what: string): number | null {
    const last = this.#last.get(what);
    return last === undefined ? null : Math.max(0, this.#clock.now() - last);
  }
}
