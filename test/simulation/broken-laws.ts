/** One observed breach. */
export interface BrokenLaw {
  law: string;
  /** Virtual epoch ms. */
  at: number;
  what: string;
}

/** The breaches that were seen, each once: a breach that lasts would be seen at every look. */
export class BrokenLaws {
  readonly #now: () => number;
  readonly #seen = new Map<string, BrokenLaw>();

  constructor(now: () => number) {
    this.#now = now;
  }

  note(law: string, what: string): void {
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
