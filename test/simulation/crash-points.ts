/** The places at which a crash of the daemon makes a difference: around each durable write and each request. */
export class CrashPoints {
  readonly #deadly: ReadonlySet<number>;
  #passed = 0;

  /** `deadly`: numbers of the points at which the daemon dies, counted from 1. */
  constructor(deadly: readonly number[]) {
    this.#deadly = new Set(deadly);
  }

  /** Points that were passed so far. */
  get passed(): number {
    return this.#passed;
  }

  /** Counts a point; true when the daemon dies at it. */
  isDeadly(): boolean {
    this.#passed += 1;
    return this.#deadly.has(this.#passed);
  }
}
