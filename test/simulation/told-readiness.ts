import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import type { Lives } from './lives.ts';

/**
 * Milliseconds for which the daemon need not be asked again. A question costs more than all other laws of a look
 * together, and no law about it has a limit below 15 minutes.
 */
const ASK_AGAIN = 30_000;

/** What the daemon last said about its health. */
export class ToldReadiness {
  readonly #lives: Lives;
  #told: Readiness | null = null;
  /** Each process and each controller that became the active one has its own health. */
  #life = 0;
  #askedAt = -Infinity;

  constructor(lives: Lives) {
    this.#lives = lives;
  }

  /**
   * Returns what the daemon says; null while it is down or asleep. `isInDoubt`: something depends on what it says
   * now.
   */
  async at(now: number, isInDoubt: boolean): Promise<Readiness | null> {
    const { count, takeOvers, isAwake } = this.#lives;
    const isFresh = this.#life === count + takeOvers && now - this.#askedAt < ASK_AGAIN;
    if (isAwake && isFresh && !isInDoubt && this.#told) return this.#told;
    this.#told = await this.#lives.readiness();
    this.#life = count + takeOvers;
    this.#askedAt = now;
    return this.#told;
  }
}
