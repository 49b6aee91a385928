/** One observed breach. */
export interface BrokenLaw {
  law: string;
  /** Virtual epoch ms. */
  at: number;
  what: string;
}

/**
 * Laws that the daemon does not keep yet: breaking them counts only when a run is told to watch all (`--rough`). A law
 * leaves this list with the change that keeps it.
 */
export const LAWS_NOT_YET: readonly string[] = [];

/** What was seen to break, each thing once: a breach that lasts would be seen at every look. */
export class BrokenLaws {
  readonly #now: () => number;
  readonly #ignored: readonly string[];
  readonly #seen = new Map<string, BrokenLaw>();

  constructor(now: () => number, ignored: readonly string[] = LAWS_NOT_YET) {
    this.#now = now;
    this.#ignored = ignored;
  }

  isWatched(law: string): boolean {
    return !this.#ignored.includes(law);
  }

  note(law: string, what: string): void {
    if (!this.isWatched(law)) return;
    const key = `${law}: ${what}`;
    if (!this.#seen.has(key)) this.#seen.set(key, { law, at: this.#now(), what });
  }

  all(): BrokenLaw[] {
    return [...this.#seen.values()];
  }

  get any(): boolean {
    return this.#seen.size > 0;
  }
}
