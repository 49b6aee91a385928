import type { Clock } from '../../clock.ts';
import type { FaultPlan } from '../faults.ts';
import type { Credential } from './access/credentials.ts';
import type { RateLimiter } from './access/rate-limiter.ts';
import type { Alarms } from './alarms.ts';
import type { Identifiers } from './identifiers.ts';
import type { Lease } from './jobs/job-lease.ts';
import type { Job } from './jobs/jobs.ts';
import type { Run } from './jobs/runs.ts';
import type { GitHubOptions } from './options.ts';
import type { Account, Repository } from './repositories.ts';
import type { RequestLog } from './rest/request-log.ts';
import type { RegistrationToken } from './runners/registration-tokens.ts';
import type { Runner } from './runners/runners.ts';
import type { Session } from './runners/session.ts';
import type { DeliveryLog } from './webhooks/delivery-log.ts';
import type { Hook } from './webhooks/hooks.ts';
import type { SendWebhook } from './webhooks/webhook-sender.ts';

/**
 * The simulated GitHub, apart from HTTP: repositories, runs, jobs, runners and the rules between them. Time, chance
 * and the sending of webhooks are passed in, so the same world runs on the wall clock behind a server or on virtual
 * time in process.
 *
 * Faults on `webhook <event> <action>` take effect in here; see `webhook-mishap.ts`.
 */
export interface GitHubWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: GitHubOptions;
  readonly faults: FaultPlan;
  readonly send: SendWebhook;
  readonly alarms: Alarms;
  readonly ids: Identifiers;
  /** By login and by `owner/name`, both in lower case. */
  readonly accounts: Map<string, Account>;
  readonly repositories: Map<string, Repository>;
  readonly runs: Map<number, Run>;
  readonly jobs: Map<number, Job>;
  /** Queued and not assigned, oldest first. */
  readonly queue: Set<Job>;
  readonly runners: Map<number, Runner>;
  /** Removed runners, for as long as a late list may show them. */
  readonly departed: Set<Runner>;
  /** Sessions of connected runners, by id. */
  readonly sessions: Map<string, Session>;
  /** Jobs that runners work on, by the token that speaks for the job. */
  readonly leases: Map<string, Lease>;
  readonly registrationTokens: Map<string, RegistrationToken>;
  /** Installation tokens given out. */
  readonly issuedTokens: Map<string, Credential>;
  readonly hooks: Map<number, Hook>;
  readonly deliveries: DeliveryLog;
  readonly limits: RateLimiter;
  readonly requests: RequestLog;
  /** Where it is served: base of web pages and of the runner service. */
  origin: string;
}

/** Base of the REST API. */
export function apiUrl(world: GitHubWorld): string {
  return world.options.enterpriseVersion === null ? world.origin : `${world.origin}/api/v3`;
}
