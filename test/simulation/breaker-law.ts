import type { SimulatedWorld } from './simulated-world.ts';

/** The longest pause of a breaker and the time in which one attempt may try it. */
export const LONGEST_TRIAL = 75 * 60_000;

/**
 * A breaker does not hold anything back for ever: an attempt tries it again. Checked while nothing is wrong
 * with the world.
 */
export class BreakerLaw {
  /** Epoch ms. */
  #calmSince: number | null = null;
  /** When a breaker was first seen in its present state; the daemon's own instants are on another clock. */
  #seen = new Map<string, { entered: number; at: number }>();

  look({ committed, clock, broken }: SimulatedWorld, isDisturbed: boolean): void {
    if (isDisturbed) this.#calmSince = null;
    else this.#calmSince ??= clock.now();
    if (this.#calmSince === null) return;
    for (const [name, { state, since }] of committed.breakers) {
      const seen = this.#seen.get(name);
      if (seen?.entered !== since) this.#seen.set(name, { entered: since, at: clock.now() });
      const inState = this.#seen.get(name)?.at ?? clock.now();
      // A breaker that may be tried waits for a job that needs it.
      if (state === 'halfOpen.ready') continue;
      if (clock.now() - Math.max(inState, this.#calmSince) > LONGEST_TRIAL)
        broken.note('what failed is tried again', `the breaker of ${name} is ${state} for too long`);
    }
  }
}
