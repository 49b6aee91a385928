/**
 * Lets a few callers pass in each turn of the event loop, in the order of their arrival: without it, a flood
 * of deliveries would delay all other work for as long as it lasts. It counts instead of measuring time, so
 * that the same arrivals always pass in the same order.
 */
export class EventLoopThrottle {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  /** How many may still pass in the present turn. */
  #left: number;

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** Resolves at once while the present turn has room. */
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
