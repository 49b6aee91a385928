import type { Logger } from 'pino';
import { DEFAULT_WEBHOOKS_POLICY } from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { GitHub } from '../../github/github.ts';
import { Poller, pollPace } from '../../intake/polling/poller.ts';
import { RepositoryNames } from '../../intake/repository-names.ts';
import { WebhookHealth } from '../../intake/webhooks/webhook-health.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import { toAskFor } from '../../jobs/settled-job.ts';
import type { WebhookAndBreakerEntries } from '../../journal/entries/webhook-and-breaker-entries.ts';
import type { Store } from '../../store/store.ts';

export interface IntakeParts {
  config: Config;
  repositories: { owner: string; repository: string }[];
  github: GitHub;
  actors: JobActors;
  dispatcher: Dispatcher;
  webhookAndBreakerEntries: WebhookAndBreakerEntries;
  store: Store;
  clock: Clock;
  log: Logger;
  random(): number;
  profileFor(labels: string[]): string | null;
  /** The sources of the earlier config, which are stopped. */
  before: Intake | null;
}

export interface Intake {
  poller: Poller;
  webhooks: WebhookHealth;
  names: RepositoryNames;
}

/**
 * Returns the sources of job events, webhook and poll. Each checks the other: an event that only one of them saw is a
 * gap.
 */
export function createIntake(parts: IntakeParts): Intake {
  const { config, repositories, github, actors, dispatcher, store, clock, log, random, profileFor } = parts;
  const { webhookAndBreakerEntries, before } = parts;
  const { mode, poll_interval: interval, recheck_interval: recheckInterval } = config.controller;
  const webhooks = new WebhookHealth({
    github,
    policy: DEFAULT_WEBHOOKS_POLICY,
    clock,
    log,
    before: before?.webhooks ?? null,
    onDoubt: () => poller.pollNow(),
    onChange: (change) => webhookAndBreakerEntries.webhooks(change),
  });
  const poller = new Poller({
    github,
    repositories,
    before: before?.poller ?? null,
    pace: () => pollPace({ mode, interval, recheckInterval }, webhooks.state),
    recheckInterval,
    clock,
    random,
    onObservation: (seen) => {
      dispatcher.observe(seen);
      if (mode !== 'poll' && profileFor(seen.labels) !== null) webhooks.seen(seen);
    },
    onLooked: () => webhooks.review(),
    activeJobs: () => [
      ...[...actors.all()]
        .map(({ snapshot }) => snapshot.context.job)
        .filter(({ id, status }) => id > 0 && status !== 'completed'),
      ...store.settled.unknownEnds(clock.now()).map(toAskFor),
    ],
    log,
  });
  const names = new RepositoryNames({
    github,
    ids: store.repositoryIds,
    repositories,
    clock,
    log,
    before: before?.names ?? null,
  });
  return { poller, webhooks, names };
}
