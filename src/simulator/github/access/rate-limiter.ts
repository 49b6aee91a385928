import type { Clock } from '../../../clock.ts';

export interface RateWindow {
  readonly limit: number;
  used: number;
  /** Epoch ms. */
  readonly resetAt: number;
}

/** GitHub's budgets: one for each user or installation, shared by all of its tokens. */
export class RateLimiter {
  private readonly clock: Clock;
  private readonly limit: number | null;
  private readonly window: number;
  private readonly windows = new Map<string, RateWindow>();

  /** `limit` is in requests for each window, `window` in milliseconds; null never refuses. */
  constructor(clock: Clock, limit: number | null, window: number) {
    this.clock = clock;
    this.limit = limit;
    this.window = window;
  }

  /** The present window of a budget, or null when nothing is counted. */
  windowOf(budget: string): RateWindow | null {
    if (this.limit === null) return null;
    const now = this.clock.now();
    const known = this.windows.get(budget);
    if (known && now < known.resetAt) return known;
    const fresh = { limit: this.limit, used: 0, resetAt: now + this.window };
    this.windows.set(budget, fresh);
    return fresh;
  }

  /** The part of a budget, from 0 to 1, that is left until the reset of its present window. */
  partLeft(budget: string): number {
    const known = this.windows.get(budget);
    return known && this.clock.now() < known.resetAt ? (known.limit - known.used) / known.limit : 1;
  }

  /** Begins a window in which this many requests remain, as if another client had used the rest. */
  setRemaining(budget: string, remaining: number): void {
    if (this.limit === null) return;
    const resetAt = this.clock.now() + this.window;
    this.windows.set(budget, { limit: this.limit, used: this.limit - remaining, resetAt });
  }
}

export function rateHeaders(window: RateWindow | null): Record<string, string> {
  if (window === null) return {};
  return {
    'x-ratelimit-limit': String(window.limit),
    'x-ratelimit-remaining': String(Math.max(0, window.limit - window.used)),
    'x-ratelimit-reset': String(Math.ceil(window.resetAt / 1000)),
    'x-ratelimit-used': String(window.used),
    'x-ratelimit-resource': 'core',
  };
}
