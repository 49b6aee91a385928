import type { Logger } from 'pino';
import { type BreakerAbout, type BreakerPolicy, DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import type { HostPolicy } from '../../machines/host.ts';
import { runnerScopeOf } from '../../machines/job/context.ts';
import type { effectPlaceholders } from '../../machines/job/effects.ts';
import type { JobPolicy } from '../../machines/job/policy.ts';
import { createJobMachine } from '../../machines/job.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import type { Clock } from '../clock.ts';
import type { MaintenanceWindow } from '../config/values/maintenance-window.ts';
import { CordonWatch } from '../dispatch/cordon-watch.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { EffectTracer } from '../effects/effect-tracer.ts';
import { HostCordons } from '../hosts/host-cordons.ts';
import { type HostGiven, Hosts } from '../hosts/hosts.ts';
import type { ImageRollouts } from '../images/image-rollouts.ts';
import { NO_ROLLOUTS } from '../images/no-rollouts.ts';
import { JobActors } from '../jobs/job-actors.ts';
import { HostEntries } from '../journal/entries/host-entries.ts';
import { WebhookAndBreakerEntries } from '../journal/entries/webhook-and-breaker-entries.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { Breakers } from '../placement/breakers/breakers.ts';
import { type Gates, OPEN_GATES } from '../placement/schedule.ts';
import type { Store } from '../store/store.ts';

export interface CoreOptions {
  store: Store;
  journal: JournalWriter;
  clock: Clock;
  log: Logger;
  /** `policy.namePrefix` is the beginning of every name that this controller gives. */
  policy: JobPolicy;
  /** The implementations of the job machine's effects; `tracer` notes what each effect did. */
  effects(tracer: EffectTracer): typeof effectPlaceholders;
  hosts: HostGiven[];
  /** Hosts that the config does not have any more, with the instant (epoch ms) of the reload. */
  leaving?: ReadonlyMap<string, number>;
  /** What goes on after a reload of the config; it is stopped. */
  before?: Pick<Core, 'hosts' | 'hostEntries' | 'cordonWatch'> | null;
  /** The maintenance windows of each host that has some. */
  maintenance?: ReadonlyMap<string, readonly MaintenanceWindow[]>;
  hostPolicy: HostPolicy;
  breakerPolicies?: Record<BreakerAbout, BreakerPolicy>;
  /** What decides whether a queued job may get a VM; without it every job may. */
  gates?(parts: { actors: JobActors; breakers: Breakers }): Gates;
  /** Which image each VM is made from; without it the agents decide that. */
  rollouts?: Pick<ImageRollouts, 'choose' | 'isRefused' | 'attempt'>;
  /** How many warm VMs each profile wants. */
  warm?: ReadonlyMap<string, number>;
  /** The profile that matches a job's labels; null when no profile does. */
  profileFor(labels: string[]): string | null;
  /** Whether this is the name of one of our base VMs. */
  isBase?(vmName: string): boolean;
}

/**
 * Which actor has which job, and which job gets the next slot: the part of the daemon that its tests and its
 * benchmark also run.
 */
export interface Core {
  actors: JobActors;
  hosts: Hosts;
  cordons: HostCordons;
  cordonWatch: CordonWatch;
  breakers: Breakers;
  dispatcher: Dispatcher;
  hostEntries: HostEntries;
  webhookAndBreakerEntries: WebhookAndBreakerEntries;
  tracer: EffectTracer;
  /** Stops actors, hosts and breakers. VMs and runners go on, and the records stay. */
  stop(): void;
}

/**
 * Joins the actors of jobs, hosts and breakers, the placement and the journal. Nothing happens before
 * `hosts.start()`.
 */
export function createCore(options: CoreOptions): Core {
  const { store, journal, clock, log, policy, profileFor } = options;
  const { namePrefix } = policy;
  const rollouts = options.rollouts ?? NO_ROLLOUTS;
  const cordons = new HostCordons({
    orders: store.cordons,
    windows: options.maintenance ?? new Map(),
    leaving: options.leaving ?? new Map(),
    clock,
  });
  const webhookAndBreakerEntries = new WebhookAndBreakerEntries(journal, clock);
  const hostEntries = new HostEntries({
    journal,
    clock,
    isOurs: (name) => parseResourceName(namePrefix, name) !== null,
    isBase: options.isBase ?? (() => false),
    cordonOf: (name) => cordons.of(name),
    before: options.before?.hostEntries ?? null,
  });
  const tracer = new EffectTracer(clock, (trace) => actors.noteEffect(trace));
  const machine = createJobMachine({ policy, now: () => clock.now() });
  const actors = new JobActors({
    machine: machine.provide({ actors: options.effects(tracer) }),
    store,
    journal,
    clock,
    log,
    onTransition: (key, snapshot) => dispatcher.jobChanged(key, snapshot),
    onGone: (key, last) => dispatcher.jobGone(key, last),
    isReload: options.before != null,
  });
  const hosts = new Hosts({
    hosts: options.hosts,
    policy: options.hostPolicy,
    silences: store.silences,
    proofs: store.proofs,
    before: options.before?.hosts ?? null,
    clock,
    log,
    onChange: (name, snapshot) => {
      hostEntries.changed(name, snapshot);
      dispatcher.hostChanged(name, snapshot);
    },
  });
  const breakers = new Breakers({
    policies: options.breakerPolicies ?? DEFAULT_BREAKER_POLICIES,
    clock,
    log,
    scopeOf: (job) => runnerScopeOf(policy.runnerScope, job),
    onChange: (change) => {
      webhookAndBreakerEntries.breaker(change);
      dispatcher.requestScheduling();
    },
    noteImage: (seen) => rollouts.attempt(seen),
  });
  const dispatcher = new Dispatcher({
    actors,
    hosts,
    cordons,
    breakers,
    gates: options.gates?.({ actors, breakers }) ?? OPEN_GATES,
    store,
    clock,
    log,
    policy,
    warm: options.warm ?? new Map(),
    rollouts,
    profileFor,
  });
  const cordonWatch = new CordonWatch({
    ...{ cordons, hosts, hostEntries, dispatcher, store, clock, log },
    before: options.before?.cordonWatch ?? null,
  });
  return {
    actors,
    hosts,
    cordons,
    cordonWatch,
    breakers,
    dispatcher,
    hostEntries,
    webhookAndBreakerEntries,
    tracer,
    stop() {
      cordonWatch.stop();
      hosts.stop();
      actors.stop();
      breakers.stop();
    },
  };
}
