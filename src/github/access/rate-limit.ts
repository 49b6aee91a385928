import { callsLeft, PURPOSES, type Purpose, pausedUntil } from './purpose-budget.ts';

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
  purpose: Purpose;
  /** Calls until this work has to wait; null before GitHub named a budget, and on a server without limits. */
  left: number | null;
  /** Epoch ms before which none of it is done; null when it goes on. */
  pausedUntil: number | null;
}

export type AnswerHeaders = Readonly<Record<string, string | number | undefined>>;

/**
 * GitHub's budgets are full again within an hour: a header that names more is wrong, and would stop teardown
 * as well.
 */
export const LONGEST_WAIT_MS = 3_600_000;

/**
 * Milliseconds by which two responses may differ about one reset: its instant and `Date` are whole seconds.
 */
const RESET_BLUR = 2_000;

/**
 * Returns the instant of `x-ratelimit-reset` on our clock: GitHub gives it in whole seconds of its own, and `Date`
 * shows how far its clock is from ours. Null without one.
 */
export function resetInstant(headers: AnswerHeaders, now: number): number | null {
  const reset = numberOf(headers['x-ratelimit-reset']);
  if (reset === null) return null;
  const date = Date.parse(String(headers.date));
  const left = reset * 1000 - (Number.isNaN(date) ? now : date);
  return now + Math.min(Math.max(left, 0), LONGEST_WAIT_MS) + 1000;
}

/**
 * What the daemon knows of its rate limits, from the headers of every response. A server without limits sends
 * none.
 */
export class RateLimits {
  readonly #seen = new Map<string, RateSeen>();
  #blockedUntil = 0;
  #strikes = 0;
  #underWay = 0;

  note(headers: AnswerHeaders, now: number): void {
    const resource = String(headers['x-ratelimit-resource'] ?? 'core');
    const limit = numberOf(headers['x-ratelimit-limit']);
    const remaining = numberOf(headers['x-ratelimit-remaining']);
    const resetAt = resetInstant(headers, now);
    if (limit === null || remaining === null || resetAt === null) return;
    const last = this.#seen.get(resource);
    const isSameHour = last?.limit === limit && Math.abs(last.resetAt - resetAt) <= RESET_BLUR;
    // Responses may arrive out of order, and within the hour a budget only shrinks.
    const least = isSameHour ? Math.min(last.remaining, remaining) : remaining;
    this.#seen.set(resource, { resource, limit, remaining: least, resetAt });
  }

  /**
   * Counts a call as sent. The caller calls the returned function once, when a response came or the call was
   * given up.
   */
  began(): () => void {
    this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
    };
  }

  /** GitHub told us to wait. An integration that goes on sending during that time may get banned. */
  block(until: number, now: number): void {
    this.#strikes = this.strikesBefore(now) + 1;
    this.#blockedUntil = Math.max(this.#blockedUntil, until);
  }

  /** A response came that did not say "wait". During a pause it belongs to a call sent before the pause. */
  unblocked(now: number): void {
    if (now >= this.#blockedUntil) this.#strikes = 0;
  }

  /**
   * How often in a row GitHub said "wait" before the present response: the pause doubles when the response
   * names no instant. Calls that were under way together and are refused together are one strike.
   */
  strikesBefore(now: number): number {
    return now < this.#blockedUntil ? this.#strikes - 1 : this.#strikes;
  }

  /** Epoch ms before which calls of a purpose have to wait; null when they may go on. */
  pausedUntil(purpose: Purpose, now: number): number | null {
    return pausedUntil(purpose, this.#core(now), this.#blockedUntil, now);
  }

  /** Whether GitHub itself asked to wait, for all purposes. */
  isBlocked(now: number): boolean {
    return now < this.#blockedUntil;
  }

  /**
   * What is left of the common budget (`core`) by purpose: one purpose may have to wait while another goes
   * on.
   */
  byPurpose(now: number): PurposeBudget[] {
    const core = this.#core(now);
    return PURPOSES.map((purpose) => ({
      purpose,
      left: core && callsLeft(purpose, core),
      pausedUntil: this.pausedUntil(purpose, now),
    }));
  }

  /** Past its reset a budget is full again; the next response will say so. */
  #core(now: number) {
    const seen = this.#seen.get('core');
    if (!seen) return null;
    const remaining = now >= seen.resetAt ? seen.limit : seen.remaining;
    return { ...seen, remaining, underWay: this.#underWay };
  }

  /** For a status page. */
  all(): RateSeen[] {
    return [...this.#seen.values()];
  }
}

function numberOf(header: string | number | undefined): number | null {
  const value = header === undefined || header === '' ? Number.NaN : Number(header);
  return Number.isFinite(value) ? value : null;
}
