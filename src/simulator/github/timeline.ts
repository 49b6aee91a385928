/**
 * A value as others see it: with a delay. GitHub's lists and `busy` flags are older than what its own parts
 * know, and a controller must not take them for the present.
 */
export class Timeline<T> {
  private readonly lagMs: number;
  private entries: { at: number; value: T }[] = [];

  constructor(lagMs: number) {
    this.lagMs = lagMs;
  }

  record(now: number, value: T): void {
    this.entries.push({ at: now, value });
    const shown = this.entries.findLastIndex(({ at }) => at <= now - this.lagMs);
    if (shown > 0) this.entries.splice(0, shown);
  }

  /** Undefined while no recorded value is old enough to be shown. */
  seen(now: number): T | undefined {
    return this.entries.findLast(({ at }) => at <= now - this.lagMs)?.value;
  }
}
