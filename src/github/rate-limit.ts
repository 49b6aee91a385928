/** What GitHub said last about one of its hourly budgets. */
export interface RateSeen {
  resource: string;
  limit: number;
  remaining: number;
  /** Epoch ms on our clock. */
  resetAt: number;
}

/** What the hourly budget still allows for one kind of work. */
export interface PurposeBudget {
  purpose: 'looking for work' | 'runners and teardown';
  /** Calls until this work has to rest; null before GitHub named a budget, and on a server without limits. */
  left: number | null;
  /** Epoch ms before which none of it is done; null when it goes on. */
  pausedUntil: number | null;
}

export type AnswerHeaders = Readonly<Record<string, string | number | undefined>>;

/** Looking for work stops below this part of the hourly budget: the rest is for runners under way and for teardown (law 9). */
const RESERVE = 0.1;

/**
 * The instant of `x-ratelimit-reset` on our clock: GitHub gives it in whole seconds of its own, and `Date` tells
 * how far that is from ours. Null without one.
 */
export function resetInstant(headers: AnswerHeaders, now: number): number | null {
  const reset = numberOf(headers['x-ratelimit-reset']);
  if (reset === null) return null;
  const date = Date.parse(String(headers.date));
  const left = reset * 1000 - (Number.isNaN(date) ? now : date);
  return now + Math.max(left, 0) + 1000;
}

/** What the daemon knows of its rate limits, from the headers of every answer. A server without limits sends none. */
export class RateLimits {
  readonly #seen = new Map<string, RateSeen>();
  #blockedUntil = 0;
  #strikes = 0;

  note(headers: AnswerHeaders, now: number): void {
    const resource = String(headers['x-ratelimit-resource'] ?? 'core');
    const limit = numberOf(headers['x-ratelimit-limit']);
    const remaining = numberOf(headers['x-ratelimit-remaining']);
    const resetAt = resetInstant(headers, now);
    if (limit === null || remaining === null || resetAt === null) return;
    this.#seen.set(resource, { resource, limit, remaining, resetAt });
  }

  /** GitHub told us to wait. To go on asking meanwhile is what gets an integration banned. */
  block(until: number, now: number): void {
    this.#strikes = this.strikesBefore(now) + 1;
    this.#blockedUntil = Math.max(this.#blockedUntil, until);
  }

  /** An answer came that did not say "wait"; during a pause it is one to a call sent before. */
  unblocked(now: number): void {
    if (now >= this.#blockedUntil) this.#strikes = 0;
  }

  /**
   * How often in a row GitHub said "wait" before the answer that is here now: the pause doubles where it names none.
   * Calls that were under way together and are refused together are one strike.
   */
  strikesBefore(now: number): number {
    return now < this.#blockedUntil ? this.#strikes - 1 : this.#strikes;
  }

  /** Epoch ms before which nothing at all may be sent; null when it may. */
  blockedUntil(now: number): number | null {
    return now < this.#blockedUntil ? this.#blockedUntil : null;
  }

  /** Epoch ms before which looking for work has to rest; null when it may go on. */
  pollPausedUntil(now: number): number | null {
    const core = this.#seen.get('core');
    const isShort = core !== undefined && now < core.resetAt && leftForLooking(core) === 0;
    const until = Math.max(this.#blockedUntil, isShort ? core.resetAt : 0);
    return now < until ? until : null;
  }

  /** What is left of the common budget (`core`) by purpose: one may rest while the other goes on. */
  byPurpose(now: number): PurposeBudget[] {
    const seen = this.#seen.get('core');
    // Past its reset a budget is whole again, which the next answer will say.
    const core = seen && now >= seen.resetAt ? { ...seen, remaining: seen.limit } : seen;
    return [
      {
        purpose: 'looking for work',
        left: core ? leftForLooking(core) : null,
        pausedUntil: this.pollPausedUntil(now),
      },
      {
        purpose: 'runners and teardown',
        left: core?.remaining ?? null,
        pausedUntil: this.blockedUntil(now),
      },
    ];
  }

  /** For a status page. */
  all(): RateSeen[] {
    return [...this.#seen.values()];
  }
}

/** The call that leaves less than the reserve is the last one. */
function leftForLooking({ limit, remaining }: RateSeen): number {
  return Math.max(0, Math.floor(remaining - limit * RESERVE) + 1);
}

function numberOf(header: string | number | undefined): number | null {
  const value = header === undefined || header === '' ? Number.NaN : Number(header);
  return Number.isFinite(value) ? value : null;
}
