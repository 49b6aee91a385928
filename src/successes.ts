import type { Clock } from './clock.ts';

/**
 * When each thing last went well. What fails without an error (a loop that hangs, a question that is never answered) is
 * seen by this age alone. In memory: after a start nothing has gone well yet.
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

  /** Milliseconds since it last went well; null when it never did. */
  age(what: string): number | null {
    const last = this.#last.get(what);
    return last === undefined ? null : Math.max(0, this.#clock.now() - last);
  }
}
