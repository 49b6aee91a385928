import type { ManualClock } from '../../support/manual-clock.ts';

/** The way from one place to another over a network; it may be cut for a while. */
export class Road {
  readonly #clock: ManualClock;
  #until = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get isCut(): boolean {
    return this.#clock.now() < this.#until;
  }

  cutFor(ms: number): void {
    this.#until = Math.max(this.#until, this.#clock.now() + ms);
  }

  /** Resolves when what is on the road goes on: kernels send it again and again. */
  async open(): Promise<void> {
    while (this.isCut) await this.#clock.sleepUntil(this.#until);
  }
}
