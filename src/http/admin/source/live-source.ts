import { statePath } from '../../../../machines/state-path.ts';
import type { Clock } from '../../../clock.ts';
import type { Config } from '../../../config/schema.ts';
import type { Dispatcher } from '../../../dispatch/dispatcher.ts';
import type { Orders } from '../../../dispatch/orders.ts';
import type { EffectTracer } from '../../../effects/effect-tracer.ts';
import { evidenceFile } from '../../../evidence/evidence-file.ts';
import type { HostHistory } from '../../../hosts/host-history.ts';
import type { Hosts } from '../../../hosts/hosts.ts';
import type { Poller } from '../../../intake/polling/poller.ts';
import type { DeliveryLog } from '../../../intake/webhooks/delivery-log.ts';
import type { WebhookHealth } from '../../../intake/webhooks/webhook-health.ts';
import type { JobActors } from '../../../jobs/job-actors.ts';
import { jobView } from '../../../jobs/job-view.ts';
import type { Chronicle } from '../../../journal/chronicle.ts';
import type { PhaseStats } from '../../../journal/phase-stats.ts';
import type { Breakers } from '../../../placement/breakers.ts';
import { type Waiting, waitingFacts, whyWaiting } from '../../../placement/why-waiting.ts';
import type { Store } from '../../../store/store.ts';
import type { BaseVms } from '../../../upkeep/bases/base-vms.ts';
import type { Collector } from '../../../upkeep/collector.ts';
import type { Metrics } from '../metrics.ts';
import type { AdminSource } from './admin-source.ts';
import type { Recording } from './recording.ts';

interface AdminParts {
  config: Pick<Config, 'controller' | 'labels'>;
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  bases: BaseVms;
  store: Store;
  chronicle: Chronicle;
  tracer: EffectTracer;
  stats: PhaseStats;
  history: HostHistory;
  metrics: Metrics;
  orders: Orders;
  poller: Poller;
  webhooks: WebhookHealth;
  deliveries: DeliveryLog;
  collector: Collector;
  dispatcher: Dispatcher;
  clock: Clock;
  progress: ReadonlyMap<string, string>;
  health(): { ok: boolean; reasons: string[] };
}

/** What the admin API reads, taken from the live parts at each call. */
export function adminSource(parts: AdminParts): AdminSource {
  const {
    config,
    actors,
    hosts,
    store,
    tracer,
    stats,
    orders,
    poller,
    webhooks,
    dispatcher,
    progress,
    health,
  } = parts;
  const views = () =>
    [...actors.all()].map(({ key, snapshot }) =>
      jobView(key, snapshot, progress.get(snapshot.context.vm?.name ?? '') ?? null),
    );
  const facts = () => waitingFacts(parts);
  const waiting = (): Waiting[] =>
    whyWaiting({
      ...facts(),
      unserved: dispatcher.unserved.all(),
      isDraining: dispatcher.draining,
      labels: Object.keys(config.labels),
      now: parts.clock.now(),
    });
  /** While the disk refuses, its database may be closed; live jobs are in memory and are shown all the same. */
  const canRead = () => store.health().ok;
  const recording: Recording = {
    seq: () => store.journal.seq,
    durable: () => store.durable(),
    read: (query) => store.journal.read(query),
    seqAt: (at) => store.journal.seqAt(at),
    subscribe: (listener) => parts.chronicle.subscribe(listener),
  };
  return {
    mode: 'live',
    recording,
    jobs: views,
    recent: async (limit) => (canRead() ? store.settled.newest(limit) : []),
    async job(jobId) {
      const live = views().filter(({ job }) => job.id === jobId);
      const settled = canRead() ? await store.settled.get(jobId) : null;
      const unserved = dispatcher.unserved.all().some((job) => job.jobId === jobId);
      if (live.length === 0 && settled === null && !unserved) return null;
      return {
        jobId,
        live,
        settled,
        effects: live.flatMap(({ key }) => tracer.underWay(key)),
        waiting: waiting().find((one) => one.jobId === jobId) ?? null,
        evidence: store.evidence
          .keys()
          .filter((kept) => kept.jobId === jobId)
          .map(({ attempt, at }) => ({ attempt, at })),
      };
    },
    async evidence(jobId) {
      const story = await this.job(jobId);
      return story && (await evidenceFile({ story, store, stats: stats.all(), madeAt: parts.clock.now() }));
    },
    stats: () => stats.all(),
    waiting: () => ({ waiting: waiting(), unserved: dispatcher.unserved.all() }),
    hosts: () => {
      const rooms = new Map(facts().hosts.map((room) => [room.name, room]));
      const breakers = parts.breakers.troubled();
      return [...hosts.all()].map(({ name, snapshot }) => ({
        ...snapshot.context,
        name,
        state: statePath(snapshot.value).split('.')[0],
        cordon: store.cordons.of(name),
        room: rooms.get(name),
        bases: parts.bases.view(name),
        breaker: breakers.find((one) => one.about === 'host' && one.name === name) ?? null,
        history: parts.history.of(name),
      }));
    },
    sources: () => ({
      mode: config.controller.mode,
      poller: poller.health(),
      webhooks: webhooks.health(),
      breakers: parts.breakers.troubled(),
      deliveries: { byStatus: parts.deliveries.byStatus(), last: parts.deliveries.last() },
    }),
    status: () => ({
      ...health(),
      jobs: actors.size,
      draining: dispatcher.draining,
      store: { ...store.health(), ...store.counts() },
      poller: poller.health(),
      webhooks: webhooks.health(),
    }),
    readiness: () => readiness(parts),
    metrics: () => parts.metrics.text(),
    collect: async (dryRun, by) => {
      if (dryRun) return (await parts.collector.plan()).steps;
      orders.collect(by);
      return parts.collector.collect();
    },
    orders,
  };
}

/** Whether a job that is queued now would get its VM, as far as this daemon and its neighbours are concerned. */
function readiness({ hosts, store, poller, webhooks, dispatcher, health }: AdminParts) {
  const reasons = [...health().reasons];
  if (dispatcher.draining) reasons.push('The daemon is ending and takes no new job.');
  const all = [...hosts.all()];
  const taking = all.filter(
    ({ name, snapshot }) => snapshot.hasTag('acceptsJobs') && !store.cordons.of(name),
  );
  if (taking.length === 0) {
    const states = all.map(({ name, snapshot }) =>
      store.cordons.of(name)
        ? `${name} is cordoned`
        : `${name} is ${statePath(snapshot.value).split('.')[0]}`,
    );
    reasons.push(`No host takes jobs: ${states.join(', ')}.`);
  }
  const { budgets, outages } = poller.health();
  for (const { purpose, pausedUntil } of budgets) {
    const isFelt =
      purpose === 'serving jobs' || (purpose === 'looking for work' && webhooks.state !== 'trusted');
    if (pausedUntil !== null && isFelt)
      reasons.push(
        `GitHub's budget is short: ${purpose} rests until ${new Date(pausedUntil).toISOString()}.`,
      );
  }
  for (const { what, failure } of outages) reasons.push(`Cannot read ${what}: ${failure.message}`);
  return { ready: reasons.length === 0, reasons };
}
