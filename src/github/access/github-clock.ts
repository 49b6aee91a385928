import type { Clock } from '../../clock.ts';

/** GitHub's `Date` has whole seconds. */
const ROUNDED = 1_000;

/**
 * GitHub's clock as its responses show it. The instants that GitHub reports (when a job was queued) or judges
 * (a runner's token) are on its clock: ours may be wrong by hours, or not be set yet after a boot.
 */
export class GitHubClock {
  readonly #clock: Clock;
  #aheadBy = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch ms; our clock until GitHub has responded once. */
  now(): number {
    return this.#clock.now() + this.#aheadBy;
  }

  /**
   * Takes the `Date` header of the response to a request that was sent at `sentAt` (epoch ms) on our clock.
   */
  note(date: unknown, sentAt: number): void {
    const said = Date.parse(String(date));
    if (Number.isNaN(said)) return;
    const now = this.#clock.now();
    // The header was written at some instant between the two.
    const least = said - now;
    const most = said + ROUNDED - sentAt;
    if (least <= 0 && most >= 0) this.#aheadBy = 0;
    else if (this.#aheadBy < least || this.#aheadBy > most) this.#aheadBy = Math.round((least + most) / 2);
  }
}
