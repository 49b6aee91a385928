import type { Logger } from 'pino';
import type { JobObservation } from '../../../machines/job/observation.ts';
import { parseResourceName } from '../../../machines/resource-name.ts';
import type { Clock } from '../../clock.ts';
import type { ConfigChange } from '../../config/changes/config-changes.ts';
import { matchProfile } from '../../config/profile.ts';
import type { Config } from '../../config/schema.ts';
import { secretValues } from '../../config/secret-values.ts';
import { Orders } from '../../dispatch/orders.ts';
import { jobEffects } from '../../effects/job-effects.ts';
import { EvidenceRecorder } from '../../evidence/evidence-recorder.ts';
import { VmLook } from '../../evidence/vm-look.ts';
import { RunActors } from '../../github/run-actors.ts';
import type { Health } from '../../health/health.ts';
import { handlePendingDeliveries } from '../../intake/webhooks/pending-deliveries.ts';
import { jobPolicy } from '../../jobs/job-policy.ts';
import { restoreJobs } from '../../jobs/restore-jobs.ts';
import type { JournalWriter } from '../../journal/journal-writer.ts';
import type { Overview } from '../../journal/overview.js';
import { liveRecording } from '../../journal/recording.ts';
import { Notices } from '../../notices/notices.ts';
import type { Store } from '../../store/store.ts';
import { Collector } from '../../upkeep/collector.ts';
import type { RunnerVersions } from '../../upkeep/runner-versions.ts';
import { waitUntil } from '../../wait-until.ts';
import { createCore } from '../create-core.ts';
import { createEffectWorld } from '../create-effect-world.ts';
import { DisposeStack } from '../dispose-stack.ts';
import type { Connections } from '../outside/connections.ts';
import type { Ports } from '../outside/ports.ts';
import { servedScopes } from '../served-scopes.ts';
import { abandonUnservable } from './abandon-unservable.ts';
import { createGates, waitingNames } from './create-gates.ts';
import { createIntake } from './create-intake.ts';
import { finishedWithin } from './finished-within.ts';
import type { Predecessor, ProcessMemory } from './handed-over.ts';
import { hostsAfterReload } from './hosts-after-reload.ts';
import { createImages } from './images/create-images.ts';
import { keepImages } from './images/keep-images.ts';
import { isSameBreaker } from './is-same-breaker.ts';
import { LeavingHosts } from './leaving-hosts.ts';
import { oldestWaits } from './oldest-waits.ts';
import { recordFailures } from './record-failures.ts';

/** Milliseconds for each part to close; unfinished creates and registrations are left to the next start. */
const CLOSE_TIMEOUT = 10_000;

export interface ActivePartOptions {
  config: Config;
  /** They are made from `config` before this part: a problem with it is found before anything acts. */
  connections: Connections;
  memory: ProcessMemory;
  /** Null at the start of the process. */
  before: { part: Predecessor; changes: readonly ConfigChange[] } | null;
  store: Store;
  journal: JournalWriter;
  /** The sum of the journal. It takes each entry before anything here does. */
  overview: Overview;
  /** Epoch ms at which an earlier daemon was last known to run. */
  heardLast: number;
  /** What the rest of the daemon knows, called when it is needed. */
  health(): Health;
  versions: Pick<RunnerVersions, 'all'>;
  ports: Ports;
  clock: Clock;
  log: Logger;
}

export type ActivePart = ReturnType<typeof createActivePart>;

/**
 * Everything of the daemon that acts, made from one config: the actors, what they act with, and what looks at
 * hosts and GitHub. The rest of the daemon outlives it. Nothing happens before `start`.
 */
export function createActivePart({ before: given, ...options }: ActivePartOptions) {
  const { config, connections, memory, store, journal, overview, ports, clock, log } = options;
  const { tokens, github, receivers } = connections;
  // Let go at the start: each part would otherwise keep all earlier ones in memory.
  let before = given?.part ?? null;
  const changes = given?.changes ?? [];
  const isReload = given !== null;
  const disposal = new DisposeStack(clock);
  let takesJobs = false;
  let hasEnded = false;
  /** Milliseconds in which calls under way may end. */
  let patience = CLOSE_TIMEOUT;
  /** Drops what an effect or a pull reports after this part has ended. */
  const untilEnd =
    <Args extends unknown[]>(tell: (...args: Args) => void) =>
    (...args: Args) => {
      if (!hasEnded) tell(...args);
    };
  const observe = untilEnd((seen: JobObservation) => core.dispatcher.observe(seen));
  const { leaving, isSameHost } = hostsAfterReload(config, before);
  const agents = new Map(connections.agents);
  for (const { name } of leaving) {
    const agent = before?.agents.get(name);
    if (agent) agents.set(name, agent);
  }
  const progress = new Map<string, string>();
  const images = createImages({
    ...{ config, store, journal, before, isSameHost, clock, log },
    agent: (host) => world.agent(host),
    core: () => core,
    untilEnd,
  });
  const { pulls, rollouts } = images;
  const world = createEffectWorld({
    ...{ config, clock, log, github, agents },
    guestKey: connections.guestKey,
    openGuest: memory.guests.acquire,
    secrets: memory.secrets,
    creates: memory.creates,
    ...images,
    observe,
    progress,
    currentName: (name) => intake.names.currentName(name),
    evidenceSaved: (vmName) => recorder.saved(vmName),
  });
  const policy = jobPolicy(config);
  const profileFor = (labels: string[]) => matchProfile(labels, config.labels, config.runner.labels);
  const core = createCore({
    ...{ store, journal, clock, log, policy },
    effects: (tracer) => ({
      ...jobEffects(world, () => store.durable(), tracer),
      waitUntil: waitUntil(clock),
    }),
    hosts: [...config.hosts, ...leaving].map((host) => ({
      name: host.name,
      client: world.agent(host.name),
      maxVms: host.max_concurrent_vms,
      isSame: isSameHost(host.name),
    })),
    leaving: new Map(leaving.map(({ name }) => [name, before?.cordons.leftAt(name) ?? clock.now()])),
    before,
    maintenance: new Map(config.hosts.map(({ name, maintenance = [] }) => [name, maintenance])),
    hostPolicy: {
      checkInterval: config.controller.host_check_interval,
      lostAfter: config.timeouts.host_lost,
    },
    gates: ({ actors, breakers }) =>
      createGates({
        ...{ config, actors, breakers, github, clock, observe },
        ...images,
        onGone: untilEnd((jobId, failure) => core.dispatcher.abandon(jobId, failure)),
        onChange: () => core.dispatcher.requestScheduling(),
      }),
    rollouts,
    warm: new Map(Object.entries(config.labels).map(([label, { warm }]) => [label, warm])),
    profileFor,
    isBase: (name) => world.bases.isBase(name),
  });
  const { actors, hosts, dispatcher, tracer } = core;
  const { repositories, scopes, registrations } = servedScopes(config);
  const parts = { config, actors, hosts, dispatcher, store, journal, github, profileFor, clock, log };
  const collector = new Collector({
    ...parts,
    world,
    scopes,
    repositories,
    namePrefix: policy.namePrefix,
    interval: config.controller.gc_interval,
  });
  const hostLook = (host: string) => hosts.snapshotOf(host)?.context;
  const secrets = [...secretValues(config), ...tokens, ...receivers.map(({ url }) => url)];
  const recorder = new EvidenceRecorder({
    ...{ world, store, clock, log, secrets, hostLook },
    before: before?.recorder ?? null,
  });
  const { webhookAndBreakerEntries } = core;
  const intake = createIntake({
    ...parts,
    ...{ repositories, webhookAndBreakerEntries, before },
    random: ports.random,
  });
  const orders = new Orders({ ...core, ...parts, rollouts, labels: Object.keys(config.labels) });
  const notices = new Notices({
    ...{ receivers, secrets, store, clock, log },
    controller: config.controller.id,
    recording: liveRecording(store, journal),
    facts: () => ({
      overview,
      scopes: options.health().scopes,
      unreadable: store.quarantine.rows(),
      runners: options.versions.all(),
    }),
    oldestWaits: () => oldestWaits(actors, github.now() - clock.now()),
  });
  const leavingHosts = new LeavingHosts({
    ...parts,
    names: leaving.map(({ name }) => name),
    hostEntries: core.hostEntries,
    isOurs: (name) => parseResourceName(policy.namePrefix, name) !== null || world.bases.isBase(name),
  });

  async function begin(): Promise<void> {
    disposal.defer('the pulls', () => pulls.stop());
    tracer.listen();
    disposal.defer('the traces of effects', () => tracer.stop());
    disposal.defer('what saves evidence', recordFailures({ journal, overview, recorder }));
    await dispatcher.restoring(async () => {
      if (before) core.breakers.goOnFrom(before.breakers, (breaker) => isSameBreaker(breaker, changes));
      before = null;
      await restoreJobs({
        ...parts,
        creates: world.creates,
        settle: config.timeouts.create_settle,
        namePrefix: policy.namePrefix,
        runnerScope: policy.runnerScope,
      });
    });
    if (hasEnded) return core.stop();
    disposal.defer('the jobs', () => {
      hasEnded = true;
      core.stop();
    });
    rollouts.begin();
    // While the actors are still there: what a call made is stored, and its secret is kept.
    disposal.defer('calls under way', () => finishedWithin(clock, patience, world.creates.allFinished()));
    for (const { name } of leaving) world.bases.keep(name, new Set());
    abandonUnservable(actors, dispatcher, config);
    // Only before the first part was there a time in which nobody looked at the hosts.
    hosts.start(isReload ? null : options.heardLast);
    core.cordonWatch.look();
    leavingHosts.start();
    disposal.defer('the hosts that left the config', () => leavingHosts.stop());
    takesJobs = true;
    await handlePendingDeliveries({ store, observe, log });
    if (hasEnded) return;
    intake.names.start();
    disposal.defer('the names of repositories', () => intake.names.stop());
    intake.webhooks.start();
    disposal.defer('the health of webhooks', () => intake.webhooks.stop());
    intake.poller.start();
    disposal.defer('the poller', () => intake.poller.stop());
    notices.start();
    disposal.defer('the notifications', () => notices.stop());
    keepImages({ ...core, ...parts, world, rollouts, namePrefix: policy.namePrefix }, disposal);
    const collecting = collector.run();
    disposal.defer('the collector', () => {
      collector.stop();
      return collecting;
    });
  }

  async function stop(callsFor = CLOSE_TIMEOUT): Promise<void> {
    takesJobs = false;
    dispatcher.drain();
    patience = callsFor;
    await disposal.dispose(log, CLOSE_TIMEOUT);
  }

  return {
    ...core,
    ...intake,
    ...waitingNames(config, github, clock),
    config,
    agents,
    /** Hosts that the config does not have any more and that are not empty yet. */
    leaving: () => leaving.filter(({ name }) => hosts.snapshotOf(name) !== null),
    recorder,
    github,
    profiles: Object.keys(config.labels),
    scopes,
    registrations,
    ...images,
    collector,
    orders,
    notices,
    progress,
    look: new VmLook(world, actors, secrets),
    runActors: new RunActors(github, clock),

    /** Restores the jobs of the store and begins to act. When that fails, it stops and rejects. */
    async start(): Promise<void> {
      await begin().catch(async (error: unknown) => {
        await stop();
        throw error;
      });
    },

    /** False until the jobs are restored, and from `stop` on: observations have to wait in the store. */
    takesJobs: () => takesJobs,

    /**
     * Gives out no more slots and ends everything that acts: running jobs go on in their VMs, and their records
     * stay. `callsFor`: milliseconds in which creates and registrations under way may end. Never rejects.
     */
    stop,

    /** Stops the actors at once, and drops what they still report. `stop` has to follow. */
    abandon(): void {
      takesJobs = false;
      hasEnded = true;
      core.stop();
    },
  };
}
