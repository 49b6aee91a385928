import type { Access } from './access/authenticate.ts';
import { RateLimiter } from './access/rate-limiter.ts';
import { createGitHubBase, type GitHubParts } from './github-base.ts';
import type { Leases } from './jobs/job-lease.ts';
import type { RegistrationTokens } from './runners/registration-tokens.ts';
import { DeliveryLog } from './webhooks/delivery-log.ts';
import { type SendWebhook, sendOverHttp } from './webhooks/webhook-sender.ts';

/**
 * The simulated GitHub, without HTTP: repositories, runs, jobs, runners and the rules between them. Time,
 * chance and the sending of webhooks are passed in, so the same world runs on the wall clock behind a server
 * or on virtual time in process. Each part declares what it stores here, and uses only that.
 *
 * Faults on `webhook <event> <action>` take effect in `webhooks/deliveries.ts`.
 */
export interface GitHubWorld extends Leases, RegistrationTokens, Access {
  readonly limits: RateLimiter;
  readonly requests: RequestLog;
}

export interface GitHubWorldParts extends GitHubParts {
  /** Over HTTP by default. */
  send?: SendWebhook;
}

/** Returns a GitHub without accounts, repositories and runs; the first mention of a repository makes it. */
export function createGitHubWorld({ send = sendOverHttp, ...parts }: GitHubWorldParts): GitHubWorld {
  const base = createGitHubBase(parts);
  const { rateLimit, timings } = base.options;
  return {
    ...base,
    send,
    accounts: new Map(),
    repositories: new Map(),
    formerNames: new Map(),
    runs: new Map(),
    jobs: new Map(),
    queue: new Set(),
    runners: new Map(),
    departed: new Set(),
    sessions: new Map(),
    assignments: new Map(),
    isAssigning: true,
    leases: new Map(),
    registrationTokens: new Map(),
    issuedTokens: new Map(),
    hooks: new Map(),
    deliveries: new DeliveryLog(),
    limits: new RateLimiter(base.clock, rateLimit, timings.rateWindow),
    requests: new RequestLog(),
  };
}

interface RouteCount {
  requests: number;
  /** Requests of these that got a 304. */
  notModified: number;
  byStatus: Record<number, number>;
}

/** How often each route was called, so that a test can measure what a controller costs. */
class RequestLog {
  private readonly routes = new Map<string, RouteCount>();

  /**
   * `route` is `METHOD /path` with the route's own parameters; `cut` is a connection that ended without a
   * response.
   */
  note(route: string, status: number | 'cut'): void {
    const count = this.of(route);
    this.routes.set(route, count);
    count.requests += 1;
    if (status === 304) count.notModified += 1;
    if (status !== 'cut') count.byStatus[status] = (count.byStatus[status] ?? 0) + 1;
  }

  of(route: string): RouteCount {
    return this.routes.get(route) ?? { requests: 0, notModified: 0, byStatus: {} };
  }

  all(): Record<string, RouteCount> {
    return Object.fromEntries(this.routes);
  }

  /** Sets all counts to zero. */
  reset(): void {
    this.routes.clear();
  }
}
