/**
 * Lets a few through in each turn of the event loop, in the order of their arrival: a flood that is handled as it comes
 * in stands before everything else for as long as it lasts. Counted and not timed, so that the same arrivals go through
 * in the same order again.
 */
export class EventLoopThrottle {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  /** How many may still pass in this turn. */
  #left: number;

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** Resolves at once while this turn has room. */
  async pass(): Promise<void> {
    if (this.#left === this.#most) setImmediate(this.#nextTurn);
    if (this.#left > 0) this.#left -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #nextTurn = () => {
    const passing = this.#waiting.splice(0, this.#most);
    this.#left = this.#most - passing.length;
    if (passing.length > 0) setImmediate(this.#nextTurn);
    for (const pass of passing) pass();
  };
}
