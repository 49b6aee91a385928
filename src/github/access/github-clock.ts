import type { Clock } from '../../clock.ts';

/** GitHub's `Date` has whole seconds. */
const ROUNDED = 1_000;

/**
 * GitHub's clock as its answers show it. What GitHub says of instants (when a job was queued), and what it judges by them
 * (a runner's token), is about its clock: ours may be wrong by hours, or not yet be set after a boot.
 */
export class GitHubClock {
  readonly #clock: Clock;
  #aheadBy = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Epoch ms; ours until GitHub has answered once. */
  now(): number {
    return this.#clock.now() + this.#aheadBy;
  }

  /** Takes the `Date` of an answer to a request that was sent at `sentAt` (epoch ms) on our clock. */
  note(date: unknown, sentAt: number): void {
    const said = Date.parse(String(date));
    if (Number.isNaN(said)) return;
    const now = this.#clock.now();
    // It was written at some instant between the two.
    const least = said - now;
    const most = said + ROUNDED - sentAt;
    if (least <= 0 && most >= 0) this.#aheadBy = 0;
    else if (this.#aheadBy < least || this.#aheadBy > most) this.#aheadBy = Math.round((least + most) / 2);
  }
}
