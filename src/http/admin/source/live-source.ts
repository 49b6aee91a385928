import { topState } from '../../../../machines/state-path.ts';
import type { Clock } from '../../../clock.ts';
import type { ConfigInForce } from '../../../config/changes/reload-result.ts';
import type { Config } from '../../../config/schema.ts';
import type { Dispatcher } from '../../../dispatch/dispatcher.ts';
import type { Orders } from '../../../dispatch/orders.ts';
import type { EffectTracer } from '../../../effects/effect-tracer.ts';
import { createEvidenceFile, type JobStory } from '../../../evidence/evidence-file.ts';
import type { RunActors } from '../../../github/run-actors.ts';
import type { DaemonHealth } from '../../../health/daemon-health.ts';
import type { HostCordons } from '../../../hosts/host-cordons.ts';
import type { HostHistory } from '../../../hosts/host-history.ts';
import type { Hosts } from '../../../hosts/hosts.ts';
import type { Pulls } from '../../../hosts/pulls.ts';
import type { Poller } from '../../../intake/polling/poller.ts';
import type { RepositoryNames } from '../../../intake/repository-names.ts';
import type { DeliveryLog } from '../../../intake/webhooks/delivery-log.ts';
import type { WebhookHealth } from '../../../intake/webhooks/webhook-health.ts';
import type { JobActors } from '../../../jobs/job-actors.ts';
import { namePrefix } from '../../../jobs/job-policy.ts';
import { type JobView, jobView } from '../../../jobs/job-view.ts';
import type { JournalWriter } from '../../../journal/journal-writer.ts';
import type { PhaseStats } from '../../../journal/phase-stats.ts';
import { liveRecording } from '../../../journal/recording.ts';
import type { TakeOvers } from '../../../journal/take-overs.ts';
import type { Breakers } from '../../../placement/breakers/breakers.ts';
import { hostTrouble } from '../../../placement/waiting/closed-hosts.ts';
import type { Waiting } from '../../../placement/waiting/waiting.ts';
import {
  hostRooms,
  type WaitingSources,
  waitingFacts,
  whyWaiting,
} from '../../../placement/waiting/why-waiting.ts';
import type { Store } from '../../../store/store.ts';
import type { BaseVms } from '../../../upkeep/bases/base-vms.ts';
import type { Collector } from '../../../upkeep/collector.ts';
import type { RunnerVersions } from '../../../upkeep/runner-versions.ts';
import type { AdminSource, HostView } from '../api/api-routes.ts';
import type { Metrics } from '../metrics.ts';
import { type ImageViewParts, imageViews } from './image-views.ts';

/** The parts that a reload of the config replaces. */
interface ActiveParts {
  config: Pick<Config, 'controller' | 'labels' | 'runner'>;
  actors: JobActors;
  hosts: Hosts;
  cordons: Pick<HostCordons, 'of' | 'nextWindow'>;
  breakers: Breakers;
  pulls: Pulls;
  scopeOf: WaitingSources['scopeOf'];
  imageOf: WaitingSources['imageOf'];
  pausedUntil: WaitingSources['pausedUntil'];
  githubNow: WaitingSources['githubNow'];
  bases: BaseVms;
  rollouts: ImageViewParts['rollouts'];
  tracer: EffectTracer;
  orders: Orders;
  poller: Poller;
  webhooks: WebhookHealth;
  names: RepositoryNames;
  collector: Collector;
  dispatcher: Dispatcher;
  progress: ReadonlyMap<string, string>;
  look: AdminSource['look'];
  runActors: Pick<RunActors, 'of'>;
}

/** The parts that are there as long as the process. */
interface LastingParts {
  store: Store;
  journal: JournalWriter;
  stats: PhaseStats;
  history: HostHistory;
  takeOvers: TakeOvers;
  metrics: Metrics;
  versions: Pick<RunnerVersions, 'all' | 'endsAt'>;
  deliveries: DeliveryLog;
  health: Pick<DaemonHealth, 'now'>;
  clock: Clock;
  settled: AdminSource['settled'];
  config(): ConfigInForce;
  controllers: AdminSource['controllers'];
  reload: NonNullable<AdminSource['reload']>;
}

type AdminParts = Omit<LastingParts, 'config'> & ActiveParts;

/** What the admin listener shows of the running daemon, read from its parts at each request. */
export function liveSource({ active, ...lasting }: LastingParts & { active(): ActiveParts }): AdminSource {
  const {
    settled,
    config: configInForce,
    controllers,
    reload,
    store,
    stats,
    deliveries,
    journal,
    health,
    metrics,
  } = lasting;
  const parts = (): AdminParts => ({ ...lasting, ...active() });
  return {
    mode: 'live',
    settled,
    config: configInForce,
    controllers,
    takeOvers: () => lasting.takeOvers.all(),
    reload,
    recording: liveRecording(store, journal),
    githubAhead: () => active().githubNow() - lasting.clock.now(),
    jobs: () => jobViews(parts()),
    recent: async (limit) => (canRead(store) ? store.settled.newest(limit) : []),
    job: (jobId) => jobStory(parts(), jobId),
    async evidence(jobId) {
      const story = await jobStory(parts(), jobId);
      if (story === null) return null;
      const actor = await starterOf(parts(), jobId);
      return createEvidenceFile({ story, store, stats: stats.all(), madeAt: lasting.clock.now(), actor });
    },
    run: (jobId) => starterOf(parts(), jobId),
    get look() {
      return active().look;
    },
    stats: () => stats.all(),
    waiting: () => ({ waiting: waitingJobs(parts()), unserved: active().dispatcher.unserved.all() }),
    hosts: () => hostViews(parts()),
    images: () => imageViews(parts()),
    sources() {
      const { config, poller, webhooks, breakers, names, versions } = parts();
      const { keys: _, ...inForce } = configInForce();
      return {
        mode: config.controller.mode,
        config: inForce,
        poller: poller.health(),
        webhooks: webhooks.health(),
        breakers: breakers.troubled(),
        renamed: names.renamed(),
        runners: versions.all(),
        deliveries: { byStatus: deliveries.byStatus(), last: deliveries.last() },
      };
    },
    status() {
      const { config, actors, dispatcher, poller, webhooks } = active();
      return {
        namePrefix: namePrefix(config.controller),
        jobs: actors.size,
        draining: dispatcher.draining,
        store: { ...store.health(), ...store.counts(), unreadableRows: store.quarantine.rows() },
        poller: poller.health(),
        webhooks: webhooks.health(),
      };
    },
    health: () => health.now(),
    metrics: () => metrics.text(),
    collect: async (dryRun, by) => {
      const { collector, orders } = active();
      if (dryRun) return collector.plan();
      orders.collect(by);
      return collector.collect();
    },
    get orders() {
      return active().orders;
    },
  };
}

/** While the disk refuses writes, the database may be closed: what is in memory can still be shown. */
const canRead = (store: Store) => store.health().ok;

function jobViews({ actors, progress }: AdminParts): JobView[] {
  return [...actors.all()].map(({ key, snapshot }) =>
    jobView(key, snapshot, progress.get(snapshot.context.vm?.name ?? '') ?? null),
  );
}

function waitingJobs(parts: AdminParts): Waiting[] {
  const { dispatcher, config, clock } = parts;
  return whyWaiting({
    ...waitingFacts(parts),
    unserved: dispatcher.unserved.all(),
    isDraining: dispatcher.draining,
    labels: Object.keys(config.labels),
    runnerLabels: config.runner.labels,
    now: clock.now(),
  });
}

async function jobStory(parts: AdminParts, jobId: number): Promise<JobStory | null> {
  const { store, tracer, dispatcher } = parts;
  const views = jobViews(parts);
  const live = views.filter(({ job }) => job.id === jobId);
  const held = views.find(({ hold, tags }) => hold?.jobId === jobId && tags.includes('held'));
  // A job that ended a moment ago has no actor any more and may not be on disk yet.
  if (canRead(store)) await store.durable();
  const settled = canRead(store) ? await store.settled.get(jobId) : null;
  const unserved = dispatcher.unserved.all().find((job) => job.jobId === jobId) ?? null;
  if (live.length === 0 && settled === null && unserved === null && !held) return null;
  const hosts = live.map(({ vm }) => vm?.host);
  const silent = hostRooms(parts).find(
    ({ name, unreachableSince }) => unreachableSince !== null && hosts.includes(name),
  );
  return {
    jobId,
    live,
    settled,
    held: held ? { vm: held.vm, hold: held.hold } : null,
    effects: live.flatMap(({ key }) => tracer.underWay(key)),
    waiting: waitingJobs(parts).find((one) => one.jobId === jobId) ?? null,
    unserved,
    hostTrouble: silent
      ? `Its host ${hostTrouble({ ...silent, cordon: null, maintenanceSince: null })}.`
      : null,
    evidence: store.evidence
      .keys()
      .filter((kept) => kept.jobId === jobId)
      .map(({ attempt, at }) => ({ attempt, at })),
  };
}

/** Who started the run of a job. That of a job that is over is known from the journal, as long as that is kept. */
async function starterOf({ actors, store, runActors }: AdminParts, jobId: number): Promise<string | null> {
  let job = [...actors.all()].find(({ snapshot }) => snapshot.context.job.id === jobId)?.snapshot.context.job;
  if (job === undefined && canRead(store)) {
    for await (const { changed } of store.journal.read({ jobId, reverse: true })) {
      if (changed?.job?.id !== jobId) continue;
      job = changed.job;
      break;
    }
  }
  return job && job.runId > 0 ? runActors.of(job) : null;
}

function heldOn({ actors }: AdminParts, host: string): HostView['held'] {
  for (const { snapshot } of actors.held()) {
    const { vm, hold } = snapshot.context;
    if (vm?.host === host && hold) return { vmName: vm.name, hold };
  }
  return null;
}

function hostViews(parts: AdminParts): HostView[] {
  const { hosts, cordons, bases, history } = parts;
  const rooms = new Map(waitingFacts(parts).hosts.map((room) => [room.name, room]));
  const breakers = parts.breakers.troubled();
  return [...hosts.all()].map(({ name, snapshot }) => ({
    ...snapshot.context,
    name,
    state: topState(snapshot.value),
    cordon: cordons.of(name),
    nextWindow: cordons.nextWindow(name),
    room: rooms.get(name),
    held: heldOn(parts, name),
    bases: bases.view(name),
    pulls: parts.pulls.view(name),
    breaker: breakers.find((one) => one.about === 'host' && one.name === name) ?? null,
    history: history.of(name),
  }));
}
