/** The places at which a crash of the daemon makes a difference: before, in the middle of and after each durable write and each request. */
export class CrashPoints {
  readonly #deadly: ReadonlySet<number>;
  /** What was about to happen, was happening or was done at each point so far. */
  readonly passed: string[] = [];

  /** `deadly`: numbers of the points at which the daemon dies, counted from 1. */
  constructor(deadly: readonly number[]) {
    this.#deadly = new Set(deadly);
  }

  /** Counts a point; true when the daemon dies at it. */
  isDeadly(what: string): boolean {
    return this.#deadly.has(this.passed.push(what));
  }
}
