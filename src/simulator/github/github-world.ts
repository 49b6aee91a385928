import type { Access } from './access/authenticate.ts';
import { RateLimiter } from './access/rate-limiter.ts';
import { createGitHubBase, type GitHubParts } from './github-base.ts';
import type { Leases } from './jobs/job-lease.ts';
import { RequestLog } from './rest/request-log.ts';
import type { RegistrationTokens } from './runners/registration-tokens.ts';
import { DeliveryLog } from './webhooks/delivery-log.ts';
import { type SendWebhook, sendOverHttp } from './webhooks/webhook-sender.ts';

/**
 * The simulated GitHub, apart from HTTP: repositories, runs, jobs, runners and the rules between them. Time, chance
 * and the sending of webhooks are passed in, so the same world runs on the wall clock behind a server or on virtual
 * time in process. Each part declares what it keeps of this and takes no more than that.
 *
 * Faults on `webhook <event> <action>` take effect in `webhooks/deliveries.ts`.
 */
export interface GitHubWorld extends Leases, RegistrationTokens, Access {
  readonly limits: RateLimiter;
  readonly requests: RequestLog;
}

export interface GitHubWorldParts extends GitHubParts {
  /** Over HTTP unless told otherwise. */
  send?: SendWebhook;
}

/** A GitHub without accounts, repositories and runs; the first mention of a repository makes it. */
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
