import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { accessCalls } from './access/access.ts';
import { connectOctokit, type GitHubAuth } from './access/connect-octokit.ts';
import type { EnvironmentProxy } from './access/environment-proxy.ts';
import { GitHubClock } from './access/github-clock.ts';
import { GitHubTransport } from './access/github-transport.ts';
import type { Purpose } from './access/purpose-budget.ts';
import { type PurposeBudget, RateLimits, type RateSeen } from './access/rate-limit.ts';
import { hookDeliveryCalls } from './hook-deliveries.ts';
import { hookSetUpCalls } from './hook-set-up.ts';
import { jobCalls } from './jobs.ts';
import { repositoryCalls } from './repositories.ts';
import { deprecationCalls } from './runners/runner-deprecation.ts';
import { RunnerGroups } from './runners/runner-groups.ts';
import { registrationCalls } from './runners/runner-registration.ts';
import { runnerCalls } from './runners/runners.ts';

export interface GitHubOptions {
  /** `https://api.github.com`, `https://api.<name>.ghe.com` or `https://<host>/api/v3`. */
  apiUrl: string;
  auth: GitHubAuth;
  clock: Clock;
  userAgent?: string;
  log?: Pick<Logger, 'debug' | 'warn'> | undefined;
  /** Milliseconds for one request. */
  timeoutMs?: number;
  /** The platform's own `fetch` by default. */
  fetch?: typeof fetch;
  /** When set, it is used in place of `fetch`. */
  proxy?: EnvironmentProxy | null;
}

export type GitHub = ReturnType<typeof createGitHub>;

/**
 * GitHub as the daemon uses it, with one credential. Every method throws DaemonErrors, can be cut short by a
 * signal, and sends its call once: repeating it is the caller's decision.
 */
export function createGitHub(options: GitHubOptions) {
  const { auth, clock, userAgent = 'jeballto-runner', log, timeoutMs = 30_000, proxy = null } = options;
  const apiUrl = options.apiUrl.replace(/\/+$/, '');
  const fetch = proxy?.fetch ?? options.fetch;
  const limits = new RateLimits();
  const time = new GitHubClock(clock);
  const octokit = connectOctokit({ apiUrl, userAgent, log, timeoutMs, clock, fetch });
  const transport = new GitHubTransport({ octokit, apiUrl, clock, auth, limits, time, proxy });
  const groups = new RunnerGroups(transport, clock);

  return {
    ...jobCalls(transport, clock, time),
    ...repositoryCalls(transport),
    ...runnerCalls(transport),
    ...deprecationCalls(transport),
    ...hookDeliveryCalls(transport, time),
    ...hookSetUpCalls(transport),
    ...registrationCalls(transport, groups, clock),
    ...accessCalls(transport, auth, clock),

    /** Epoch ms on GitHub's clock, for comparing with the instants that GitHub reports. */
    now: (): number => time.now(),

    /**
     * Epoch ms before which calls of a purpose must wait, so that teardown keeps its share; null when they
     * may go on.
     */
    pausedUntil: (purpose: Purpose, now: number): number | null => limits.pausedUntil(purpose, now),

    /** The hourly budgets as in GitHub's last responses. */
    rateLimits: (): RateSeen[] => limits.all(),

    /** What the common budget still allows, by purpose. */
    budgets: (now: number): PurposeBudget[] => limits.byPurpose(now),
  };
}
