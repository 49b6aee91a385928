import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';

const QUIET_MS = 60_000;

/**
 * Says that deliveries are refused without letting strangers fill the disk: one line for each reason a minute,
 * with how many there were in between. Nothing that the sender wrote is in it.
 */
export class RefusalLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #reasons = new Map<string, { saidAt: number; unsaid: number }>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `reason` is one of ours, from a small fixed set. */
  refused(status: number, reason: string): void {
    const now = this.#clock.now();
    const seen = this.#reasons.get(reason) ?? { saidAt: Number.NEGATIVE_INFINITY, unsaid: 0 };
    this.#reasons.set(reason, seen);
    if (now - seen.saidAt < QUIET_MS) {
      seen.unsaid += 1;
      return;
    }
    this.#log.warn({ status, reason, unsaid: seen.unsaid }, `a webhook delivery was refused: ${reason}`);
    seen.saidAt = now;
    seen.unsaid = 0;
  }
}
