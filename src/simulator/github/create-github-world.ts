import type { Clock } from '../../clock.ts';
import type { FaultPlan } from '../faults.ts';
import { RateLimiter } from './access/rate-limiter.ts';
import { Alarms } from './alarms.ts';
import type { GitHubWorld } from './github-world.ts';
import { Identifiers } from './identifiers.ts';
import { type GitHubSettings, gitHubOptions } from './options.ts';
import { RequestLog } from './rest/request-log.ts';
import { DeliveryLog } from './webhooks/delivery-log.ts';
import { type SendWebhook, sendOverHttp } from './webhooks/webhook-sender.ts';

/** What the world needs from outside. */
export interface GitHubWorldParts {
  clock: Clock;
  /** Numbers in [0, 1); seed it and runs repeat. */
  random: () => number;
  faults: FaultPlan;
  /** Over HTTP unless told otherwise. */
  send?: SendWebhook;
  settings?: GitHubSettings;
}

/** A GitHub without accounts, repositories and runs; the first mention of a repository makes it. */
export function createGitHubWorld({
  clock,
  random,
  faults,
  send = sendOverHttp,
  settings,
}: GitHubWorldParts): GitHubWorld {
  const options = gitHubOptions(settings);
  return {
    clock,
    random,
    options,
    faults,
    send,
    alarms: new Alarms(clock),
    ids: new Identifiers(random),
    accounts: new Map(),
    repositories: new Map(),
    runs: new Map(),
    jobs: new Map(),
    queue: new Set(),
    runners: new Map(),
    departed: new Set(),
    sessions: new Map(),
    leases: new Map(),
    registrationTokens: new Map(),
    issuedTokens: new Map(),
    hooks: new Map(),
    deliveries: new DeliveryLog(),
    limits: new RateLimiter(clock, options.rateLimit, options.timings.rateWindow),
    requests: new RequestLog(),
    origin: 'http://github.invalid',
  };
}
