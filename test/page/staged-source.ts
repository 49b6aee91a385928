import { type Logger, pino } from 'pino';
import type { Job } from '../../machines/job/context.ts';
import type { Clock } from '../../src/clock.ts';
import { recordFailures } from '../../src/controller/active/record-failures.ts';
import type { Core } from '../../src/controller/create-core.ts';
import { watchJournal } from '../../src/controller/watch-journal.ts';
import { Orders } from '../../src/dispatch/orders.ts';
import { EvidenceRecorder } from '../../src/evidence/evidence-recorder.ts';
import type { Purpose } from '../../src/github/access/purpose-budget.ts';
import type { RateLimits } from '../../src/github/access/rate-limit.ts';
import type { Health } from '../../src/health/health.ts';
import { Pulls } from '../../src/hosts/pulls.ts';
import type { AdminSource } from '../../src/http/admin/api/api-routes.ts';
import { liveSource } from '../../src/http/admin/source/live-source.ts';
import { Poller } from '../../src/intake/polling/poller.ts';
import { RepositoryNames } from '../../src/intake/repository-names.ts';
import type { DeliveryLog } from '../../src/intake/webhooks/delivery-log.ts';
import type { WebhookHealth } from '../../src/intake/webhooks/webhook-health.ts';
import type { JournalWriter } from '../../src/journal/journal-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { BaseVms } from '../../src/upkeep/bases/base-vms.ts';

const silent = pino({ level: 'silent' });

const IN_FORCE = {
  path: '/etc/jeballto-runner/config.json',
  digest: '5f0c2a9d1b3e',
  since: Date.UTC(2026, 10, 25, 14, 0),
  keys: [
    { key: 'github.token', value: '(secret)' },
    { key: 'labels.macos-15.image', value: 'ghcr.io/octo/macos:latest' },
  ],
  lastReload: null,
};
const NOTHING_NEW = {
  outcome: 'unchanged' as const,
  at: IN_FORCE.since,
  path: IN_FORCE.path,
  digest: IN_FORCE.digest,
  changes: [],
  problems: [],
  warnings: [],
};

export interface StagedParts {
  core: Core;
  journal: JournalWriter;
  store: Store;
  clock: Clock;
  limits: RateLimits;
  deliveries: DeliveryLog;
  webhooks: WebhookHealth;
  orderLog: Logger;
  health(): Health;
  look: NonNullable<AdminSource['look']>;
  starter(): Promise<string | null>;
  controllers: AdminSource['controllers'];
}

/** The source of a staged daemon's admin API: it really watches the journal, and its GitHub has nothing new. */
export async function stagedSource({
  core,
  journal,
  store,
  clock,
  limits,
  deliveries,
  webhooks,
  orderLog,
  health,
  look,
  starter,
  controllers,
}: StagedParts) {
  const { actors, hosts, cordons, breakers, tracer } = core;
  const github = {
    rateLimits: () => limits.all(),
    budgets: (now: number) => limits.byPurpose(now),
    pausedUntil: (purpose: Purpose, now: number) => limits.pausedUntil(purpose, now),
    getJob: async () => null,
    runnerEndsAt: async () => null,
    now: () => clock.now(),
    listActiveRuns: async () => [],
    listRunJobs: async () => [],
    getRepository: async () => ({ id: 1, fullName: 'octo/app' }),
  };
  const world = { agent: () => ({ client: {} }), guest: {} } as never;
  const recorder = new EvidenceRecorder({
    world,
    store,
    clock,
    log: silent,
    secrets: [],
    hostLook: () => null,
  });
  const profiles = ['macos-15'];
  const notices = { receivers: () => [{ name: 'ops', pending: 0, sent: 1, failed: 0 }] };
  const pulls = new Pulls({
    agent: () => ({}) as never,
    clock,
    log: silent,
    timeout: 1_000,
    onChange: () => undefined,
    onEnd: () => undefined,
  });
  const bases = new BaseVms(true, 'gh-default');
  bases.set('mac-1', 'macos-15', null, { state: 'none', why: 'it is being made' });
  const rollouts = {
    ...{ whyNot: () => null, progress: () => null, order: () => null },
    referenceFor: ({ reference }: { reference: string }) => reference,
  };
  const watching = await watchJournal({
    macUptime: () => null,
    active: () => ({
      ...{ actors, hosts, cordons, breakers, bases, pulls, rollouts, profiles, notices, github },
      scopes: [],
      config: { labels: {} },
    }),
    ...{ store, journal, deliveries, clock, health, log: silent },
    config: () => IN_FORCE,
  });
  tracer.listen();
  recordFailures({ journal, overview: watching.overview, recorder });
  const orders = new Orders({
    ...core,
    journal,
    store,
    github,
    profileFor: () => 'macos-15',
    rollouts,
    labels: ['macos-15'],
    clock,
    log: orderLog,
  });
  const poller = new Poller({
    github,
    clock,
    log: silent,
    repositories: [],
    recheckInterval: 1000,
    random: Math.random,
    pace: () => 10_000,
    onObservation: () => undefined,
    onLooked: () => undefined,
    activeJobs: () => [],
  });
  const collector = { plan: async () => ({ steps: [] }), collect: async () => [] } as never;
  const config = {
    controller: { mode: 'both', poll_interval: 10_000, recheck_interval: 10_000 },
    labels: {},
    runner: { labels: [] },
  } as never;
  const names = new RepositoryNames({
    ...{ github, ids: store.repositoryIds, repositories: [], clock, log: silent },
  });
  const active = {
    ...core,
    ...{ config, pulls, rollouts, orders, poller, webhooks, names, collector, bases },
    scopeOf: ({ owner, repository }: Job) => `${owner}/${repository}`,
    imageOf: () => 'ghcr.io/octo/macos:latest',
    pausedUntil: () => null,
    githubNow: () => clock.now(),
    progress: new Map(),
    look,
    runActors: { of: starter },
  };
  const source = liveSource({
    active: () => active,
    settled: async () => undefined,
    config: () => IN_FORCE,
    controllers,
    reload: async (by) => ({ ...NOTHING_NEW, by }),
    ...watching,
    ...{ store, journal, deliveries, clock, health: { now: health } },
  });
  return { source, watching, poller };
}
