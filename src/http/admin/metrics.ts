import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { NO_JOB } from '../../../machines/job/context.ts';
import { type OutgoingCall, onCallEnd } from '../../call-trace.ts';
import type { Clock } from '../../clock.ts';
import type { GitHub } from '../../github/github.ts';
import type { Hosts } from '../../hosts/hosts.ts';
import type { DeliveryLog } from '../../intake/webhooks/delivery-log.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { Chronicle } from '../../journal/chronicle.ts';
import { type Overview, outcomeOf } from '../../journal/overview.js';
import { PhaseStats } from '../../journal/phase-stats.ts';
import type { Breakers } from '../../placement/breakers.ts';
import { waitingFacts } from '../../placement/why-waiting.ts';
import type { Store } from '../../store/store.ts';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';
import type { BaseVms } from '../../upkeep/bases/base-vms.ts';

export interface MetricsOptions {
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  store: Store;
  chronicle: Chronicle;
  /** What the journal says is true now; it has every entry before this does. */
  overview: Overview;
  github: Pick<GitHub, 'budgets' | 'rateLimits'>;
  deliveries: DeliveryLog;
  clock: Clock;
  /** The profiles of the config: each has an age of its queue, also when that is empty. */
  profiles: string[];
  bases: BaseVms;
}

const P = 'jeballto_runner_';
/** Seconds: from a slot's grant to a build of hours. */
const BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600];

/** What Prometheus reads at `/metrics`. Gauges are taken from the live parts at each reading. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #unlisten: () => void;
  readonly #unsubscribe: () => void;
  readonly #calls = new Counter({
    name: `${P}calls_total`,
    help: 'Calls to agents, GitHub and guests, by route and answer.',
    labelNames: ['system', 'method', 'route', 'status'],
    registers: [this.#registry],
  });
  readonly #callSeconds = new Histogram({
    name: `${P}call_duration_seconds`,
    help: 'How long calls took.',
    labelNames: ['system'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers: [this.#registry],
  });
  readonly #phases = new Histogram({
    name: `${P}job_phase_duration_seconds`,
    help: 'How long jobs stayed in each phase.',
    labelNames: ['phase'],
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #jobs = new Counter({
    name: `${P}jobs_total`,
    help: 'Jobs that are over, by outcome and cause.',
    labelNames: ['outcome', 'cause'],
    registers: [this.#registry],
  });
  readonly #failures = new Counter({
    name: `${P}failures_total`,
    help: 'Failures of effects and attempts, by code and by who must act.',
    labelNames: ['code', 'blame'],
    registers: [this.#registry],
  });

  constructor(options: MetricsOptions) {
    this.#options = options;
    collectDefaultMetrics({ register: this.#registry });
    const stays = new PhaseStats(({ state, ms }) => {
      if (!state.includes('.')) this.#phases.observe({ phase: state }, ms / 1000);
    });
    this.#unsubscribe = options.chronicle.subscribe((entry) => {
      stays.add(entry);
      this.#count(entry);
    });
    this.#unlisten = onCallEnd(options.clock, this.#call);
    this.#gauges();
  }

  stop(): void {
    this.#unsubscribe();
    this.#unlisten();
    this.#registry.clear();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #call = ({ system, method, route, status, ms }: OutgoingCall) => {
    this.#calls.inc({ system, method, route, status: String(status ?? 'none') });
    this.#callSeconds.observe({ system }, ms / 1000);
  };

  #count({ kind, actor, to, detail }: StoredJournalEntry): void {
    if (kind !== undefined) return;
    const { code, blame } = (detail ?? {}) as { code?: string; blame?: string };
    if (code && to !== 'failed') this.#failures.inc({ code, blame: blame ?? '' });
    const ended = this.#options.overview.ended[0];
    const isOver = to === 'done' || to === 'failed';
    if (isOver && ended?.key === actor) this.#jobs.inc({ outcome: outcomeOf(ended), cause: code ?? '' });
  }

  /** Gauges are set anew at each reading, so that what is gone leaves no figure behind. */
  #gauges(): void {
    const gauge = <L extends string>(
      name: string,
      help: string,
      labelNames: L[],
      read: (set: Gauge<L>) => void,
    ) =>
      new Gauge({
        name: `${P}${name}`,
        help,
        labelNames,
        registers: [this.#registry],
        collect() {
          this.reset();
          read(this);
        },
      });
    const { actors, hosts, store, github, deliveries, clock, profiles, bases } = this.#options;
    const facts = () => waitingFacts(this.#options);

    gauge('jobs', 'Live jobs by state.', ['state'], (set) => {
      for (const { snapshot } of actors.all())
        set.inc({ state: Object.keys(asObject(snapshot.value))[0] ?? '' });
    });
    gauge('oldest_queued_job_age_seconds', 'Age of the oldest job without a slot.', ['profile'], (set) => {
      for (const profile of profiles) set.set({ profile }, 0);
      for (const { profile, queuedAt } of facts().queued.sort((a, b) => b.queuedAt - a.queuedAt)) {
        set.set({ profile }, Math.max(0, (clock.now() - queuedAt) / 1000));
      }
    });
    gauge('vms', 'VMs on each host, by state and owner.', ['host', 'state', 'owner'], (set) => {
      const ours = new Set([...actors.all()].map(({ snapshot }) => snapshot.context.vm?.name));
      for (const { name, snapshot } of hosts.all()) {
        for (const vm of snapshot.context.look?.vms ?? []) {
          const owner = ours.has(vm.name) ? 'ours' : bases.isBase(vm.name) ? 'base' : 'foreign';
          set.inc({ host: name, state: vm.state, owner });
        }
      }
    });
    gauge('warm_vms', 'VMs without a job yet, ready or on the way.', ['profile', 'state'], (set) => {
      for (const { snapshot } of actors.all()) {
        const { job, vm } = snapshot.context;
        if (job.id !== NO_JOB || vm === null || !snapshot.hasTag('takesAnyJob')) continue;
        set.inc({ profile: vm.profile, state: snapshot.matches('warm') ? 'ready' : 'booting' });
      }
    });
    gauge('base_vm_ready', 'Whether jobs are cloned from a base VM: 1 or 0.', ['host', 'profile'], (set) => {
      for (const { name: host } of hosts.all()) {
        for (const { profile, state } of bases.view(host))
          set.set({ host, profile }, Number(state === 'ready'));
      }
    });
    gauge('host_up', 'Whether the host takes jobs: 1 or 0.', ['host'], (set) => {
      for (const { name, acceptsJobs } of facts().hosts) set.set({ host: name }, Number(acceptsJobs));
    });
    gauge('host_slots', 'Slots of the host.', ['host', 'kind'], (set) => {
      for (const { name, slots, free } of facts().hosts) {
        set.set({ host: name, kind: 'all' }, slots);
        set.set({ host: name, kind: 'free' }, free);
      }
    });
    gauge('github_rate_limit_remaining', 'What is left of the hourly budget.', ['resource'], (set) => {
      for (const { resource, remaining } of github.rateLimits()) set.set({ resource }, remaining);
    });
    gauge('github_rate_limit', 'The hourly budget.', ['resource'], (set) => {
      for (const { resource, limit } of github.rateLimits()) set.set({ resource }, limit);
    });
    gauge('github_calls_left', 'Calls until this work has to rest.', ['purpose'], (set) => {
      for (const { purpose, left } of github.budgets(clock.now()))
        if (left !== null) set.set({ purpose }, left);
    });
    gauge('github_paused_seconds', 'Seconds for which this work still rests.', ['purpose'], (set) => {
      for (const { purpose, pausedUntil } of github.budgets(clock.now()))
        set.set({ purpose }, pausedUntil === null ? 0 : (pausedUntil - clock.now()) / 1000);
    });
    new Counter({
      name: `${P}webhook_deliveries_total`,
      help: 'Requests at the webhook address, by answer.',
      labelNames: ['status'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [status, count] of Object.entries(deliveries.byStatus())) this.inc({ status }, count);
      },
    });
    gauge('store_writable', 'Whether the store takes writes: 1 or 0.', [], (set) =>
      set.set(Number(store.health().ok)),
    );
    gauge('store_pending_writes', 'Writes not yet on disk.', [], (set) => set.set(store.health().pending));
    gauge('store_records', 'Records in the store, by kind.', ['kind'], (set) => {
      const { journalSeq: _, ...counts } = store.counts();
      for (const [kind, count] of Object.entries(counts)) set.set({ kind }, count);
    });
  }
}

function asObject(value: unknown): object {
  return typeof value === 'string' ? { [value]: null } : (value as object);
}
