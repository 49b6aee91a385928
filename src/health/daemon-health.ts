import type { Logger } from 'pino';
import type { HostContext } from '../../machines/host.ts';
import type { Clock } from '../clock.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Poller } from '../intake/polling/poller.ts';
import type { RepositoryNames } from '../intake/repository-names.ts';
import type { WebhookHealth } from '../intake/webhooks/webhook-health.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Breakers } from '../placement/breakers/breakers.ts';
import type { Store } from '../store/store.ts';
import { decideHealth } from './decide-health.ts';
import type { Health } from './health.ts';
import type { HealthFacts } from './health-facts.ts';
import { uptimeScopes } from './long-uptimes.ts';
import { ServedWatch } from './served-watch.ts';
import { watchUptimes } from './uptime-watch.ts';

export interface DaemonHealthOptions {
  /** The parts that a reload of the config replaces. */
  active(): {
    config: { controller: { mode: HealthFacts['mode']; host_check_interval: number } };
    profiles: readonly string[];
    /** For each repository, the names of the breakers that can hold back its registrations. */
    registrations: string[][];
    hosts: Pick<Hosts, 'all'>;
    cordons: Pick<HostCordons, 'of'>;
    breakers: Pick<Breakers, 'troubled'>;
    dispatcher: Pick<Dispatcher, 'couldBegin' | 'draining'>;
    poller: Pick<Poller, 'health'>;
    webhooks: Pick<WebhookHealth, 'state' | 'context'>;
    names: Pick<RepositoryNames, 'renamed'>;
  };
  journal: Pick<JournalWriter, 'subscribe'>;
  store: Pick<Store, 'health'>;
  /** Seconds for which this Mac has run; null on another system. */
  macUptime(): number | null;
  clock: Clock;
  log: Logger;
}

/**
 * The health of the running daemon. Everything that reports health reads it here, so that all reports agree.
 */
export class DaemonHealth {
  readonly #options: DaemonHealthOptions;
  readonly #watch: ServedWatch;
  #endUptimes = (): void => undefined;
  readonly #began: number;
  /** Epoch ms at which a job last got a slot; null before the first. */
  #grantedAt: number | null = null;
  readonly #unsubscribe: () => void;
  #held: Health | null = null;

  constructor(options: DaemonHealthOptions) {
    this.#options = options;
    const { active, journal, clock, log } = options;
    this.#began = clock.now();
    this.#watch = new ServedWatch({ couldBegin: () => active().dispatcher.couldBegin(), clock, log });
    this.#unsubscribe = journal.subscribe(({ kind, event }) => {
      if (kind === undefined && event === 'slot.granted') this.#grantedAt = clock.now();
    });
  }

  /** Begins to watch whether jobs are served. */
  start(): void {
    this.#watch.start();
    const { clock, log } = this.#options;
    this.#endUptimes = watchUptimes({ long: () => uptimeScopes(this.#facts()), clock, log });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#endUptimes();
    await this.#watch.stop();
  }

  now(): Health {
    const held = this.#options.store.health().ok ? this.#held : null;
    return held ?? decideHealth(this.#facts());
  }

  /**
   * Keeps the present health while the parts are replaced, unless the store cannot be written, for which the
   * replacement waits: for this moment nothing else is known. Returns the function that ends this.
   */
  hold(): () => void {
    this.#held = this.now();
    return () => {
      this.#held = null;
    };
  }

  #facts(): HealthFacts {
    const { active, store, macUptime, clock } = this.#options;
    const { config, profiles, registrations, hosts, cordons, breakers, dispatcher, poller, webhooks, names } =
      active();
    const { mode, host_check_interval: hostCheckInterval } = config.controller;
    const now = clock.now();
    const uptime = macUptime();
    const ageOf = (at: number | null) => (at === null ? null : now - at);
    return {
      now,
      upFor: now - this.#began,
      macUpFor: uptime === null ? null : uptime * 1_000,
      isDraining: dispatcher.draining,
      store: store.health(),
      hosts: [...hosts.all()].map(({ name, snapshot }) => ({
        name,
        lookAge: ageOf(snapshot.context.seenAt),
        failure: snapshot.context.failure?.message ?? null,
        cordon: cordons.of(name),
        maintenanceAge: ageOf(snapshot.context.maintenanceSince),
        upFor: upFor(snapshot.context, now),
      })),
      hostCheckInterval,
      poller: poller.health(),
      mode,
      webhooks: { state: webhooks.state, deliveryAge: ageOf(webhooks.context.deliveredAt) },
      breakers: breakers.troubled(),
      registrations,
      profiles: profiles.map((name) => ({ name, unservedFor: this.#watch.unservedFor(name) })),
      grantAge: ageOf(this.#grantedAt),
      renamed: names.renamed(),
    };
  }
}

/** Milliseconds for which the agent has run; null when it was not looked at. */
const upFor = ({ look, seenAt }: HostContext, now: number): number | null =>
  look === null || seenAt === null ? null : look.uptime * 1_000 + now - seenAt;
