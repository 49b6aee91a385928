/** Milliseconds that the first notice waits for related ones: a host is lost some seconds after its jobs. */
const GROUPING = 20_000;
/** Milliseconds between two messages. */
const GAP = 60_000;
/** Messages in an hour from which on the gap is longer, so that many notices become a few long messages. */
const CALM = 10;
const STORM_GAP = 10 * 60_000;
const HOUR = 3_600_000;

/** Milliseconds before a failed message is tried again: doubled with each failure, up to the longest. */
const FIRST_RETRY = 5_000;
const LONGEST_RETRY = 15 * 60_000;
/** The longest wait, in milliseconds, that a receiver can ask for. */
const LONGEST_PATIENCE = HOUR;

/** Returns the instant (epoch ms) from which on the next message may be sent. `sent`: the instants of earlier messages, in order. */
export function mayBeSentAt(waitingSince: number, sent: readonly number[], now: number): number {
  const last = sent.at(-1) ?? -Infinity;
  const gap = sent.filter((at) => now - at < HOUR).length < CALM ? GAP : STORM_GAP;
  return Math.max(waitingSince + GROUPING, last + gap);
}

/** Returns the milliseconds until the next try after this many failures in a row. */
export function retryPause(
  failures: number,
  { retryAfter, isRefusal }: { retryAfter: number | null; isRefusal: boolean },
): number {
  const own = isRefusal ? LONGEST_RETRY : Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (failures - 1));
  return Math.max(own, Math.min(LONGEST_PATIENCE, retryAfter ?? 0));
}

/** Returns the instants that `mayBeSentAt` still needs. */
export const recent = (sent: readonly number[], now: number): number[] =>
  sent.filter((at) => now - at < HOUR);
