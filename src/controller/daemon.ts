import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { matchProfile } from '../config/profile.ts';
import type { Config } from '../config/schema.ts';
import { secretValues } from '../config/secret-values.ts';
import { Orders } from '../dispatch/orders.ts';
import { jobEffects } from '../effects/job-effects.ts';
import { EvidenceRecorder } from '../evidence/evidence-recorder.ts';
import { VmLook } from '../evidence/vm-look.ts';
import { ConnectionPool } from '../guest/connection-pool.ts';
import { DaemonHealth } from '../health/daemon-health.ts';
import { Pulls } from '../hosts/pulls.ts';
import { createAdminApp } from '../http/admin/admin-app.ts';
import { liveSource } from '../http/admin/source/live-source.ts';
import { createPublicApp } from '../http/public-app.ts';
import { DeliveryLog } from '../intake/webhooks/delivery-log.ts';
import { handlePendingDeliveries } from '../intake/webhooks/pending-deliveries.ts';
import { jobPolicy } from '../jobs/job-policy.ts';
import { restoreJobs } from '../jobs/restore-jobs.ts';
import { watchClock } from '../upkeep/clock-watch.ts';
import { Collector } from '../upkeep/collector.ts';
import { waitUntil } from '../wait-until.ts';
import { abandonUnservable } from './active/abandon-unservable.ts';
import { createGates, pullEnded, waitingNames } from './active/create-gates.ts';
import { createIntake } from './active/create-intake.ts';
import { keepBases } from './active/keep-bases.ts';
import { connectAgents, connectGitHub } from './connections.ts';
import { createCore } from './create-core.ts';
import { createEffectWorld } from './create-effect-world.ts';
import { DisposeStack } from './dispose-stack.ts';
import { type Ports, realPorts } from './ports.ts';
import { servedScopes } from './served-scopes.ts';
import { watchJournal } from './watch-journal.ts';

/** Milliseconds for each part to close; unfinished creates and registrations are left to the next start. */
const CLOSE_TIMEOUT = 10_000;

export interface DaemonOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** The real ones by default. */
  ports?: Ports;
}

export interface Daemon {
  publicUrl: string;
  adminUrl: string;
  /** Stops taking work and ends: running jobs go on in their VMs, and the next daemon finds their records. */
  drain(): Promise<void>;
}

/**
 * The composition root: every part is made here, receives what it needs, and is released in reverse order.
 * Rejects with a ConfigError or StoreError whose message is for the operator.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const disposal = new DisposeStack(options.clock);
  try {
    return await compose(options, disposal);
  } catch (error) {
    await disposal.dispose(options.log, CLOSE_TIMEOUT);
    throw error;
  }
}

async function compose(options: DaemonOptions, disposal: DisposeStack): Promise<Daemon> {
  const { config, env, clock, log, ports = realPorts } = options;
  const store = await ports.openStore({
    path: config.store.path,
    retention: config.store.retention,
    clock,
    log,
    onHealthChange: ({ ok, lastError }) =>
      ok
        ? log.info('the store can be written again; effects go on')
        : log.error({ lastError }, `the store cannot be written, so no new effect starts: ${lastError}`),
  });
  disposal.defer('the store', () => store.close());

  const { byHost: agents, tokens } = await connectAgents(config, env, clock, ports.agentSender);
  const github = connectGitHub(config, { clock, env, log, fetch: ports.fetch });
  const progress = new Map<string, string>();
  const guestConnections = new ConnectionPool(ports.openGuest, clock);
  disposal.defer('logins in guests', () => guestConnections.close());
  const pulls = new Pulls({
    agent: (host) => world.agent(host),
    clock,
    log,
    timeout: config.timeouts.creating,
    onChange: () => core.dispatcher.requestScheduling(),
    onEnd: (image, error) => pullEnded(core.breakers, config, image, error),
  });
  disposal.defer('the pulls', () => pulls.stop());
  const world = createEffectWorld({
    config,
    clock,
    log,
    github,
    agents,
    openGuest: guestConnections.acquire,
    observe: (seen) => core.dispatcher.observe(seen),
    progress,
    pulls,
    ledger: store.sent,
    currentName: (name) => names.currentName(name),
    evidenceSaved: (vmName) => recorder.saved(vmName),
  });
  const policy = jobPolicy(config);
  const profileFor = (labels: string[]) => matchProfile(labels, config.labels, config.runner.labels);
  const core = createCore({
    store,
    clock,
    log,
    policy,
    effects: (tracer) => ({
      ...jobEffects(world, () => store.durable(), tracer),
      waitUntil: waitUntil(clock),
    }),
    hosts: config.hosts.map((host) => ({
      name: host.name,
      client: world.agent(host.name),
      maxVms: host.max_concurrent_vms,
    })),
    maintenance: new Map(config.hosts.map(({ name, maintenance = [] }) => [name, maintenance])),
    hostPolicy: {
      checkInterval: config.controller.host_check_interval,
      lostAfter: config.timeouts.host_lost,
    },
    gates: ({ actors, breakers }) =>
      createGates({
        config,
        actors,
        breakers,
        github,
        pulls,
        bases: world.bases,
        clock,
        observe: (seen) => core.dispatcher.observe(seen),
        onGone: (jobId, failure) => core.dispatcher.abandon(jobId, failure),
        onChange: () => core.dispatcher.requestScheduling(),
      }),
    warm: new Map(Object.entries(config.labels).map(([label, { warm }]) => [label, warm])),
    profileFor,
    isBase: (name) => world.bases.isBase(name),
  });
  const { actors, hosts, cordons, breakers, dispatcher, journal, tracer } = core;
  const { repositories, scopes, registrations } = servedScopes(config);
  const collector = new Collector({
    world,
    actors,
    hosts,
    store,
    scopes,
    repositories,
    clock,
    log,
    namePrefix: policy.namePrefix,
    profileFor,
    interval: config.controller.gc_interval,
  });

  const hostLook = (host: string) => hosts.snapshotOf(host)?.context;
  const secrets = [...secretValues(config), ...tokens];
  const recorder = new EvidenceRecorder({ world, store, clock, log, secrets, hostLook });
  const deliveries = new DeliveryLog(clock);
  const profiles = Object.keys(config.labels);
  const watching = await watchJournal({
    actors,
    hosts,
    cordons,
    breakers,
    store,
    journal,
    github,
    deliveries,
    clock,
    profiles,
    bases: world.bases,
    health: () => health.now(),
    scopes,
    log,
    recorder,
    tracer,
  });
  disposal.defer('what watches the journal', () => watching.stop());

  const intake = createIntake({
    config,
    repositories,
    github,
    actors,
    dispatcher,
    webhookAndBreakerEntries: core.webhookAndBreakerEntries,
    store,
    clock,
    log,
    random: ports.random,
    profileFor,
  });
  const { poller, webhooks, names, receiver } = intake;
  await restoreJobs({
    actors,
    creates: world.creates,
    store,
    clock,
    log,
    settle: config.timeouts.create_settle,
    namePrefix: policy.namePrefix,
    runnerScope: policy.runnerScope,
  });
  abandonUnservable(actors, dispatcher, config);
  disposal.defer('the jobs', () => core.stop());
  disposal.defer('calls under way', () => world.creates.allFinished());
  hosts.start();
  core.cordonWatch.look();
  disposal.defer('the hosts', () => hosts.stop());
  await handlePendingDeliveries({ store, observe: (seen) => dispatcher.observe(seen), log });

  const health = new DaemonHealth({
    mode: config.controller.mode,
    hostCheckInterval: config.controller.host_check_interval,
    profiles,
    registrations,
    core,
    intake,
    store,
    clock,
    log,
  });
  health.start();
  disposal.defer('the watch over its health', () => health.stop());
  const orders = new Orders({ ...core, store, github, profileFor, clock, log });
  const source = liveSource({
    ...core,
    config,
    pulls,
    ...waitingNames(config, github, clock),
    bases: world.bases,
    store,
    ...watching,
    orders,
    poller,
    webhooks,
    names,
    deliveries,
    collector,
    clock,
    progress,
    look: new VmLook(world, actors, secrets),
    health,
  });
  const adminApp = createAdminApp({ source, tokens: config.admin, clock });
  const admin = await ports.listen(adminApp, config.admin.listen, 'admin.listen');
  disposal.defer('the admin listener', () => admin.close());
  const open = await ports.listen(
    createPublicApp({ webhook: receiver, watch: deliveries.watch, canStore: () => health.now().canStore }),
    config.controller.webhook_listen,
    'controller.webhook_listen',
  );
  disposal.defer('the public listener', () => open.close());
  names.start();
  disposal.defer('the names of repositories', () => names.stop());
  webhooks.start();
  disposal.defer('the health of webhooks', () => webhooks.stop());
  poller.start();
  disposal.defer('the poller', () => poller.stop());
  keepBases({ config, world, namePrefix: policy.namePrefix, cordons, clock, log }, disposal);
  disposal.defer('the watch over the clock', watchClock(clock, log));
  const collecting = collector.run();
  disposal.defer('the collector', () => {
    collector.stop();
    return collecting;
  });

  return {
    publicUrl: open.url,
    adminUrl: admin.url,
    async drain() {
      dispatcher.drain();
      await disposal.dispose(log, CLOSE_TIMEOUT);
    },
  };
}
