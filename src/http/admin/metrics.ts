import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { failure } from '../../../machines/failure.ts';
import { NO_JOB } from '../../../machines/job/context.ts';
import { END_UNSEEN, LOSSES } from '../../../machines/job/job-end.ts';
import { isFailed, isOver } from '../../../machines/job/written-state.ts';
import { topState } from '../../../machines/state-path.ts';
import type { Clock } from '../../clock.ts';
import type { ConfigInForce } from '../../config/changes/reload-result.ts';
import type { GitHub } from '../../github/github.ts';
import type { DaemonHealth } from '../../health/daemon-health.ts';
import { HEALTH_SUBJECTS } from '../../health/health.ts';
import type { HostCordons } from '../../hosts/host-cordons.ts';
import type { Hosts } from '../../hosts/hosts.ts';
import type { DeliveryLog } from '../../intake/webhooks/delivery-log.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { JournalWriter } from '../../journal/journal-writer.ts';
import { endOfSeen } from '../../journal/outcome.js';
import type { Overview } from '../../journal/overview.js';
import { PhaseStats } from '../../journal/phase-stats.ts';
import type { Notices } from '../../notices/notices.ts';
import type { Breakers } from '../../placement/breakers/breakers.ts';
import { hostRooms } from '../../placement/waiting/why-waiting.ts';
import type { Store } from '../../store/store.ts';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';
import type { BaseVms } from '../../upkeep/bases/base-vms.ts';
import type { RunnerVersions } from '../../upkeep/runner-versions.ts';
import { addBudgetMetrics } from './budget-metrics.ts';
import { callMetrics } from './call-metrics.ts';
import { addControllerMetrics, type ControllerFigures } from './controller-metrics.ts';
import { imageMetrics } from './image-metrics.ts';
import { noticeMetrics } from './notice-metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { type ImageViewParts, imageViews } from './source/image-views.ts';
import { addUptimeMetrics, type UptimeMetricsOptions } from './uptime-metrics.ts';

export interface MetricsOptions {
  store: Store;
  journal: JournalWriter;
  /** The sum of the journal. It takes each entry before the metrics do. */
  overview: Overview;
  deliveries: DeliveryLog;
  clock: Clock;
  macUptime: UptimeMetricsOptions['macUptime'];
  versions: Pick<RunnerVersions, 'all' | 'endsAt'>;
  /** Called at each scrape, like `active` and `config`. */
  health: DaemonHealth['now'];
  config(): ConfigInForce;
  /** Of one of several controllers on a database. */
  controller?: (() => ControllerFigures) | undefined;
  /** The parts that a reload of the config replaces. */
  active(): {
    actors: JobActors;
    hosts: Hosts;
    cordons: Pick<HostCordons, 'of'>;
    breakers: Breakers;
    github: Pick<GitHub, 'budgets' | 'rateLimits' | 'now'>;
    /** The profiles of the config: the age of each one's queue is reported, also when the queue is empty. */
    profiles: readonly string[];
    bases: BaseVms;
    config: ImageViewParts['config'];
    rollouts: ImageViewParts['rollouts'];
    pulls: ImageViewParts['pulls'];
    notices: Pick<Notices, 'receivers'>;
  };
}

const PREFIX = 'jeballto_runner_';
/** Seconds: from the grant of a slot to a build of several hours. */
const PHASE_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600];

/**
 * What Prometheus reads at `/metrics`. Counters grow with the journal and with calls; gauges are read from
 * the live parts at each scrape.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #unlisten: () => void;
  readonly #unsubscribe: () => void;
  readonly #phases = new Histogram({
    name: `${PREFIX}job_phase_duration_seconds`,
    help: 'How long jobs stayed in each phase.',
    labelNames: ['phase'],
    buckets: PHASE_BUCKETS,
    registers: [this.#registry],
  });
  readonly #jobs = new Counter({
    name: `${PREFIX}jobs_total`,
    help: 'Jobs that are over, by outcome, by whose fault it was, and by the code of the cause.',
    labelNames: ['outcome', 'blame', 'cause'],
    registers: [this.#registry],
  });
  readonly #failures = new Counter({
    name: `${PREFIX}failures_total`,
    help: 'Failures of effects and attempts, by code and by who must act.',
    labelNames: ['code', 'blame'],
    registers: [this.#registry],
  });

  constructor(options: MetricsOptions) {
    this.#options = options;
    // Prometheus sees no increase in a counter that begins at 1, and alerts ask for the increase of these.
    for (const cause of LOSSES)
      this.#jobs.inc({ outcome: 'lost', blame: failure(cause, '').blame, cause }, 0);
    const stays = new PhaseStats(({ state, ms }) => {
      if (!state.includes('.')) this.#phases.observe({ phase: state }, ms / 1000);
    });
    this.#unsubscribe = options.journal.subscribe((entry) => {
      stays.add(entry);
      this.#count(entry);
    });
    this.#unlisten = callMetrics(PREFIX, this.#registry, options.clock);
    addUptimeMetrics(PREFIX, this.#registry, { hosts: () => options.active().hosts, ...options });
    imageMetrics(PREFIX, this.#registry, () => imageViews({ ...options, ...options.active() }));
    addBudgetMetrics(PREFIX, this.#registry, { github: () => options.active().github, clock: options.clock });
    if (options.controller) addControllerMetrics(PREFIX, this.#registry, options.controller);
    noticeMetrics(PREFIX, this.#registry, () => options.active().notices);
    this.#gauges();
  }

  stop(): void {
    this.#unsubscribe();
    this.#unlisten();
    this.#registry.clear();
  }

  async text(): Promise<string> {
    return `${await processMetrics()}\n${await this.#registry.metrics()}`;
  }

  #count({ kind, actor, to, detail }: StoredJournalEntry): void {
    if (kind !== undefined) return;
    const { code, blame } = (detail ?? {}) as { code?: string; blame?: string };
    // Whose fault an end was that nobody saw is not known.
    const known = code === END_UNSEEN.code ? '' : (blame ?? '');
    if (code && !isFailed(to)) this.#failures.inc({ code, blame: known });
    const ended = this.#options.overview.ended[0];
    if (!isOver(to) || ended?.key !== actor) return;
    const end = endOfSeen(ended);
    this.#jobs.inc({ outcome: end.outcome, blame: end.blame ?? '', cause: end.cause?.code ?? '' });
  }

  /** Every gauge is reset before it is read, so that a host or a state that is gone leaves no figure behind. */
  #gauges(): void {
    const addGauge = <L extends string>(
      name: string,
      help: string,
      labelNames: L[],
      read: (gauge: Gauge<L>) => void,
    ) =>
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames,
        registers: [this.#registry],
        collect() {
          this.reset();
          read(this);
        },
      });
    const { store, deliveries, clock, versions, health, config, active } = this.#options;
    const rooms = () => hostRooms(active());
    const queued = () =>
      [...active().actors.inQueue()]
        .map(({ snapshot }) => snapshot.context.job)
        .filter(({ status }) => status === 'queued');

    addGauge(
      'system_clock_ahead_seconds',
      "Seconds by which the system's clock is ahead of the daemon's, which does not jump when the system's clock is set.",
      [],
      (gauge) => gauge.set(clock.systemAheadBy() / 1000),
    );
    addGauge('ready', 'Whether jobs can be served: 1 or 0, as /readyz says.', [], (gauge) =>
      gauge.set(Number(health().ready)),
    );
    addGauge(
      'config_last_reload_successful',
      'Whether the last reload of the config was accepted: 1 or 0; with the digest of the config in force.',
      ['digest'],
      (gauge) => gauge.set({ digest: config().digest }, Number(config().lastReload?.outcome !== 'refused')),
    );
    addGauge('degraded', 'Parts of the work that are in trouble, by what they are.', ['what'], (gauge) => {
      for (const what of HEALTH_SUBJECTS) gauge.set({ what }, 0);
      for (const { what } of health().scopes) gauge.inc({ what });
    });
    addGauge(
      'last_success_age_seconds',
      'Seconds since GitHub or a host last answered; of a profile, for how long a job of it could have begun.',
      ['what', 'name'],
      (gauge) => {
        for (const { what, name, age } of health().ages) gauge.set({ what, name }, age / 1000);
      },
    );
    addGauge('jobs', 'Live jobs by state.', ['state'], (gauge) => {
      for (const { snapshot } of active().actors.all()) gauge.inc({ state: topState(snapshot.value) });
    });
    addGauge(
      'oldest_queued_job_age_seconds',
      'Age of the oldest job without a slot.',
      ['profile'],
      (gauge) => {
        const { profiles, github } = active();
        for (const profile of profiles) gauge.set({ profile }, 0);
        for (const { profile, queuedAt } of queued().sort((a, b) => b.queuedAt - a.queuedAt)) {
          gauge.set({ profile }, Math.max(0, (github.now() - queuedAt) / 1000));
        }
      },
    );
    addGauge('vms', 'VMs on each host, by state and owner.', ['host', 'state', 'owner'], (gauge) => {
      const { actors, hosts, bases } = active();
      const ours = new Set([...actors.all()].map(({ snapshot }) => snapshot.context.vm?.name));
      for (const { name, snapshot } of hosts.all()) {
        for (const vm of snapshot.context.look?.vms ?? []) {
          const owner = ours.has(vm.name) ? 'ours' : bases.isBase(vm.name) ? 'base' : 'foreign';
          gauge.inc({ host: name, state: vm.state, owner });
        }
      }
    });
    addGauge(
      'warm_vms',
      'VMs that have no job yet: ready, or being created.',
      ['profile', 'state'],
      (gauge) => {
        for (const { snapshot } of active().actors.all()) {
          const { job, vm } = snapshot.context;
          if (job.id !== NO_JOB || vm === null || !snapshot.hasTag('takesAnyJob')) continue;
          gauge.inc({ profile: vm.profile, state: snapshot.hasTag('provisioned') ? 'ready' : 'booting' });
        }
      },
    );
    addGauge('held_vms', 'VMs of failed jobs that are kept for a person.', ['host', 'profile'], (gauge) => {
      for (const { snapshot } of active().actors.held()) {
        const { vm } = snapshot.context;
        if (vm) gauge.inc({ host: vm.host, profile: vm.profile });
      }
    });
    addGauge(
      'runner_version_end_timestamp_seconds',
      'When GitHub stops accepting the runner in the image of a profile.',
      ['profile', 'version'],
      (gauge) => {
        for (const { profile, version, endsAt } of versions.all())
          if (endsAt !== null) gauge.set({ profile, version }, endsAt / 1000);
      },
    );
    addGauge(
      'base_vm_ready',
      'Whether VMs are cloned from a base VM: 1 or 0.',
      ['host', 'profile'],
      (gauge) => {
        const { hosts, bases } = active();
        for (const { name: host } of hosts.all()) {
          // The base of an image on trial comes after that of the image in use.
          for (const { profile, state } of bases.view(host).reverse())
            gauge.set({ host, profile }, Number(state === 'ready'));
        }
      },
    );
    addGauge('host_up', 'Whether the host takes jobs: 1 or 0.', ['host'], (gauge) => {
      for (const { name, acceptsJobs } of rooms()) gauge.set({ host: name }, Number(acceptsJobs));
    });
    addGauge('host_slots', 'Slots of the host.', ['host', 'kind'], (gauge) => {
      for (const { name, slots, free } of rooms()) {
        gauge.set({ host: name, kind: 'all' }, slots);
        gauge.set({ host: name, kind: 'free' }, free);
      }
    });
    new Counter({
      name: `${PREFIX}webhook_deliveries_total`,
      help: 'Requests at the webhook address, by response status.',
      labelNames: ['status'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [status, count] of Object.entries(deliveries.byStatus())) this.inc({ status }, count);
      },
    });
    addGauge('store_writable', 'Whether the store takes writes: 1 or 0.', [], (gauge) =>
      gauge.set(Number(store.health().ok)),
    );
    addGauge('store_pending_writes', 'Writes not yet on disk.', [], (gauge) =>
      gauge.set(store.health().pending),
    );
    addGauge('store_records', 'Records in the store, by kind.', ['kind'], (gauge) => {
      const { journalSeq: _, ...counts } = store.counts();
      for (const [kind, count] of Object.entries(counts)) gauge.set({ kind }, count);
    });
  }
}
