import type { Logger } from 'pino';
import { DEFAULT_BREAKER_POLICY } from '../../machines/breaker.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { createJobMachine } from '../../machines/job.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { secretValues } from '../config/secrets.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { Orders } from '../dispatch/orders.ts';
import { EffectRuns } from '../effects/effect-runs.ts';
import { jobEffects } from '../effects/job-effects.ts';
import { FlightRecorder } from '../evidence/flight-recorder.ts';
import { KeptGuests } from '../guest/kept-guests.ts';
import { Hosts } from '../hosts/hosts.ts';
import { adminSource } from '../http/admin/source/live-source.ts';
import { createAdminApp } from '../http/admin-app.ts';
import { createPublicApp } from '../http/public-app.ts';
import { matchProfile } from '../intake/match-profile.ts';
import { DeliveryLog } from '../intake/webhooks/delivery-log.ts';
import { JobActors } from '../jobs/job-actors.ts';
import { jobPolicy, namePrefix } from '../jobs/job-policy.ts';
import { restoreJobs } from '../jobs/restore-jobs.ts';
import { Chronicle } from '../journal/chronicle.ts';
import { HostRecords } from '../journal/host-records.ts';
import { TurnRecords } from '../journal/turn-records.ts';
import { Breakers } from '../placement/breakers.ts';
import { Collector } from '../upkeep/collector.ts';
import { connectAgents } from './connect-agents.ts';
import { connectGitHub } from './connect-github.ts';
import { type Edges, realEdges } from './edges.ts';
import { effectWorldOf } from './effect-world-of.ts';
import { intakeOf } from './intake-of.ts';
import { keepBases } from './keep-bases.ts';
import { Releases } from './releases.ts';
import { watchJournal } from './watch-journal.ts';

/** Milliseconds that each part gets to close; creates and registrations under way are then left to the next start. */
const PATIENCE = 10_000;

export interface DaemonOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** The real ones unless told otherwise. */
  edges?: Edges;
}

export interface Daemon {
  publicUrl: string;
  adminUrl: string;
  /** Stops taking work and leaves: running jobs go on in their VMs, and the next daemon finds their records. */
  drain(): Promise<void>;
}

/**
 * The composition root: everything is made here, given its parts, and released in reverse order. Rejects with a
 * ConfigError or StoreError whose message is for the operator.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const releases = new Releases(options.clock);
  try {
    return await compose(options, releases);
  } catch (error) {
    await releases.run(options.log, PATIENCE);
    throw error;
  }
}

async function compose(options: DaemonOptions, releases: Releases): Promise<Daemon> {
  const { config, env, clock, log, edges = realEdges } = options;
  const store = await edges.openStore({
    path: config.store.path,
    retention: config.store.retention,
    clock,
    log,
    onHealthChange: ({ ok, lastError }) =>
      ok
        ? log.info('the store can be written again; effects go on')
        : log.error({ lastError }, `the store cannot be written, so no new effect starts: ${lastError}`),
  });
  releases.push('the store', () => store.close());

  const { byHost: agents, tokens } = await connectAgents(config, env, edges.agentSender);
  const github = connectGitHub(config, clock, log, edges.fetch);
  const progress = new Map<string, string>();
  const observe = (seen: JobObservation) => dispatcher.observe(seen);
  const evidenceSaved = (vmName: string) => recorder.saved(vmName);
  const guests = new KeptGuests(edges.openGuest, clock);
  releases.push('logins in guests', () => guests.close());
  const openGuest = guests.open;
  const parts = { config, clock, github, agents, openGuest, observe, progress, evidenceSaved };
  const world = effectWorldOf(parts);
  const profileFor = (labels: string[]) => matchProfile(labels, config.labels, config.runner.labels);

  const chronicle = new Chronicle(store);
  const runs = new EffectRuns(clock, (run) => actors.noteEffect(run));
  const machine = createJobMachine({ policy: jobPolicy(config), now: () => clock.now() }).provide({
    actors: jobEffects(world, () => store.durable(), runs),
  });
  const actors = new JobActors({
    machine,
    store,
    chronicle,
    clock,
    log,
    onTransition: (key, snapshot) => dispatcher.jobChanged(key, snapshot),
  });
  const hosts = new Hosts({
    hosts: config.hosts.map((host) => ({
      name: host.name,
      client: agentOf(agents, host.name),
      maxVms: host.max_concurrent_vms,
    })),
    policy: { checkInterval: config.controller.host_check_interval, lostAfter: config.timeouts.host_lost },
    clock,
    log,
    onChange: (name, snapshot) => {
      hostRecords.changed(name, snapshot);
      dispatcher.hostChanged(name, snapshot);
    },
  });
  const prefix = namePrefix(config.controller);
  const hostRecords = new HostRecords({
    chronicle,
    clock,
    isOurs: (name) => parseResourceName(prefix, name) !== null,
    isBase: (name) => world.bases.isBase(name),
    cordonOf: (name) => store.cordonOf(name),
  });
  const turnRecords = new TurnRecords(chronicle, clock);
  const breakers = new Breakers({
    policy: DEFAULT_BREAKER_POLICY,
    clock,
    log,
    onChange: (turn) => {
      turnRecords.breaker(turn);
      dispatcher.poke();
    },
  });
  releases.push('the breakers', () => breakers.stop());
  const dispatcher = new Dispatcher({
    actors,
    hosts,
    breakers,
    store,
    clock,
    log,
    namePrefix: prefix,
    warm: new Map(Object.entries(config.labels).map(([label, { warm }]) => [label, warm])),
    profileFor,
  });
  const repositories = config.github.repositories.map((fullName) => {
    const [owner = '', repository = ''] = fullName.split('/');
    return { owner, repository };
  });
  const { owner } = config.github;
  const scopes =
    config.runner.scope === 'organization'
      ? [{ kind: 'organization' as const, owner }]
      : repositories.map((full) => ({ kind: 'repository' as const, ...full }));
  const collector = new Collector({
    world,
    actors,
    hosts,
    store,
    scopes,
    repositories,
    clock,
    log,
    namePrefix: prefix,
    profileFor,
    interval: config.controller.gc_interval,
  });

  const hostLook = (host: string) => [...hosts.all()].find(({ name }) => name === host)?.snapshot.context;
  const secrets = [...secretValues(config), ...tokens];
  const recorder = new FlightRecorder({ world, store, clock, log, secrets, hostLook });
  const deliveries = new DeliveryLog(clock);
  const profiles = Object.keys(config.labels);
  const watching = await watchJournal({
    actors,
    hosts,
    breakers,
    store,
    chronicle,
    github,
    deliveries,
    clock,
    profiles,
    bases: world.bases,
    recorder,
    runs,
  });
  releases.push('what watches the journal', () => watching.stop());

  await restoreJobs({ actors, calls: world.calls, store, clock, log, settle: config.timeouts.create_settle });
  releases.push('the jobs', () => actors.stop());
  releases.push('calls under way', () => world.calls.allEnded());
  hosts.start();
  releases.push('the hosts', () => hosts.stop());
  for (const { id, observation } of await store.pendingDeliveries()) {
    if (observation) dispatcher.observe(observation);
    store.deliveryHandled(id);
  }

  const { random } = edges;
  const { poller, webhooks, receiver } = intakeOf({
    ...{
      config,
      repositories,
      github,
      actors,
      dispatcher,
      turnRecords,
      store,
      clock,
      log,
      random,
      profileFor,
    },
  });
  const health = () => {
    const { ok, lastError } = store.health();
    return { ok, reasons: ok ? [] : [`The store cannot be written: ${lastError}`] };
  };
  const orders = new Orders({ actors, hosts, hostRecords, dispatcher, store, chronicle, github, clock });
  const source = adminSource({
    ...{
      config,
      actors,
      hosts,
      breakers,
      store,
      chronicle,
      runs,
      orders,
      poller,
      webhooks,
      deliveries,
      collector,
      dispatcher,
    },
    ...{ clock, progress, health, bases: world.bases },
    ...{ stats: watching.stats, history: watching.history, metrics: watching.metrics },
  });
  const admin = await edges.listen(
    createAdminApp({ source, token: config.admin.token ?? null, clock }),
    config.admin.listen,
    'admin.listen',
  );
  releases.push('the admin listener', () => admin.close());
  const open = await edges.listen(
    createPublicApp({ webhook: receiver, watch: deliveries.watch, health }),
    config.controller.webhook_listen,
    'controller.webhook_listen',
  );
  releases.push('the public listener', () => open.close());
  webhooks.start();
  releases.push('the health of webhooks', () => webhooks.stop());
  poller.start();
  releases.push('the poller', () => poller.stop());
  releases.push('the keeper of base VMs', keepBases({ config, world, store, clock, log }));
  const collecting = collector.run();
  releases.push('the collector', () => {
    collector.stop();
    return collecting;
  });

  return {
    publicUrl: open.url,
    adminUrl: admin.url,
    async drain() {
      dispatcher.drain();
      await releases.run(log, PATIENCE);
    },
  };
}

function agentOf(agents: ReadonlyMap<string, AgentClient>, name: string): AgentClient {
  const agent = agents.get(name);
  if (!agent) throw new Error(`host ${name} has no agent`);
  return agent;
}
