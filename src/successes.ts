import type { Clock } from './clock.ts';

/**
 * What ages are measured with: milliseconds from an instant that does not matter, so that only the difference of two
 * readings says something.
 */
export const reading = (clock: Clock): number => clock.now();

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
    this.#last.set(what, reading(this.#clock));
  }

  /** Milliseconds since it last went well; null when it never did. */
  age(what: string): number | null {
    const last = this.#last.get(what);
    return last === undefined ? null : Math.max(0, reading(this.#clock) - last);
  }
}
