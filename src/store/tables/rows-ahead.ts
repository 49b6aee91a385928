/**
 * Milliseconds after which a row that is still ahead has a wrong date: a clock that is set after the start of
 * a Mac is right long before this.
 */
const SURELY_AHEAD = 3_600_000;

/**
 * Rows that are dated later than now. Either the clock was ahead when they were written, or it is behind now,
 * like that of a Mac that has just started without a network. Only waiting shows which: rows that stay ahead
 * for an hour were written by a wrong clock.
 */
export class RowsAhead {
  /** By key, epoch ms at which the row was first and last seen. */
  readonly #seen = new Map<string, { first: number; last: number }>();

  /** True when a row has stayed later than now for so long that its date is wrong. */
  staysAhead(key: string, now: number): boolean {
    const first = Math.min(this.#seen.get(key)?.first ?? now, now);
    this.#seen.set(key, { first, last: now });
    return now - first >= SURELY_AHEAD;
  }

  /** Forgets the rows that a walk through all rows at this instant (epoch ms) did not find. */
  forgetBefore(now: number): void {
    for (const [key, { last }] of this.#seen) if (last !== now) this.#seen.delete(key);
  }
}
