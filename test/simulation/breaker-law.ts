import type { SimulatedWorld } from './simulated-world.ts';

/** The longest pause of a breaker and the time in which one attempt may try it. */
export const LONGEST_TRIAL = 75 * 60_000;

/** No breaker holds anything back for ever: an attempt tries it again. Looked at while nothing is wrong with the world. */
export class BreakerLaw {
  /** Epoch ms. */
  #calmSince: number | null = null;
  /** When a breaker was seen first in its present state; the daemon's own instants are those of its clock. */
  #seen = new Map<string, { entered: number; at: number }>();

  look({ committed, clock, broken }: SimulatedWorld, isDisturbed: boolean): void {
    if (isDisturbed) this.#calmSince = null;
    else this.#calmSince ??= clock.now();
    if (this.#calmSince === null) return;
    for (const [name, { state, since }] of committed.breakers) {
      const seen = this.#seen.get(name);
      if (seen?.entered !== since) this.#seen.set(name, { entered: since, at: clock.now() });
      const inState = this.#seen.get(name)?.at ?? clock.now();
      // What may be tried waits for a job that wants it.
      if (state === 'halfOpen.ready') continue;
      if (clock.now() - Math.max(inState, this.#calmSince) > LONGEST_TRIAL)
        broken.note('what failed is tried again', `the breaker of ${name} is ${state} for too long`);
    }
  }
}
