/** Milliseconds for which a process is stopped, and whether its machine's clock counts them. */
interface Stop {
  lasts: number;
  isCounted: boolean;
}

/** The places at which a crash of the daemon makes a difference: before, in the middle of and after each durable write and each request. */
export class CrashPoints {
  readonly #deadly: ReadonlySet<number>;
  /** What was about to happen, was happening or was done at each point so far. */
  readonly passed: string[] = [];

  /** The next one last. */
  readonly #stops: (Stop & { point: number })[];

  /** Numbers of the points at which the daemon dies, and of those at which it is stopped, counted from 1. */
  constructor(deadly: readonly number[], stops: readonly (Stop & { point: number })[] = []) {
    this.#deadly = new Set(deadly);
    this.#stops = [...stops].sort((one, other) => other.point - one.point);
  }

  /** How the daemon is stopped now: at the last point, or since an earlier one at which it could not be. */
  takeStop(): Stop | undefined {
    return (this.#stops.at(-1)?.point ?? Infinity) <= this.passed.length ? this.#stops.pop() : undefined;
  }

  /** Counts a point; true when the daemon dies at it. */
  isDeadly(what: string): boolean {
    return this.#deadly.has(this.passed.push(what));
  }
}
