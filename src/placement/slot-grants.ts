import { NO_JOB } from '../../machines/job/context.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import type { Clock } from '../clock.ts';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { ImageRollouts } from '../images/image-rollouts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { reserveNumbers } from '../jobs/reserve-numbers.ts';
import type { Store } from '../store/store.ts';
import { Holds } from './holds.ts';
import { assignWarmVms, planWarmVms, type WarmVm } from './plan-warm.ts';
import { freeSlots } from './room/free-slots.ts';
import { FullHosts } from './room/full-hosts.ts';
import { OrphanSlots } from './room/orphan-slots.ts';
import { proofRoom } from './room/proof-room.ts';
import { dueJobs, type FreeHost, type Gates, OPEN_GATES, schedule, type WaitingJob } from './schedule.ts';
import { SlotDemand } from './slot-demand.ts';
import { soonest } from './soonest.ts';

export interface SlotGrantsOptions {
  actors: JobActors;
  hosts: Hosts;
  cordons: Pick<HostCordons, 'of'>;
  store: Store;
  clock: Clock;
  /** How many warm VMs each profile wants. */
  warm: ReadonlyMap<string, number>;
  gates: Gates;
  rollouts: Pick<ImageRollouts, 'choose' | 'isRefused'>;
}

/** Milliseconds for which a profile makes no warm VM after one could not be made. */
const WARM_PAUSE = 60_000;

/**
 * Who gets a slot: queued jobs first, then warm VMs in what is left. It carries out what the pure functions
 * decide.
 */
export class SlotGrants {
  readonly #options: SlotGrantsOptions;
  readonly #warmNotBefore = new Map<string, number>();
  readonly #full: FullHosts;
  readonly #orphans = new OrphanSlots();
  readonly #holds: Holds;
  readonly #demand: SlotDemand;

  constructor(options: SlotGrantsOptions) {
    this.#options = options;
    this.#full = new FullHosts(options.clock);
    this.#holds = new Holds(options);
    this.#demand = new SlotDemand({ ...options, full: this.#full });
  }

  /**
   * Grants what can be granted now. Returns epoch ms at which to decide again at the latest; null when
   * nothing waits for a time.
   */
  decide(): number | null {
    const { actors, gates, clock, warm: wanted } = this.#options;
    const now = clock.now();
    const paused = [...this.#warmNotBefore.values()].filter((at) => at > now);
    const open = this.#openHosts();
    this.#reclaimRefused();
    // Everything that frees a slot calls this again, so the queue, which may be long, is not walked before.
    const isFull = this.#warm(open).length === 0 && this.#freeHosts(open).every(({ free }) => free === 0);
    if (isFull && this.#holds.isEmpty) return soonest(paused);
    for (const { job, warm } of assignWarmVms(this.#waiting(), this.#warm(open), now, gates))
      this.#hand(job, warm);

    const free = this.#freeHosts(open);
    const { grants, unplaced, left, taken, wakeAt } = schedule(this.#waiting(), free, now, gates);
    for (const { key, host } of grants) this.#grant(key, host);
    for (const key of this.#full.movable(actors, left, (key, host) => this.#mayGo(key, host)))
      actors.send(key, { type: 'host.full' });

    const warm = this.#warm(open);
    const isPaused = (profile: string) => (this.#warmNotBefore.get(profile) ?? 0) > now;
    const demand = this.#demand.of(unplaced, open);
    const canGive = warm.length > 0 || !this.#holds.isEmpty;
    const soonFree = canGive ? this.#demand.soonFree() : [];
    const plan = planWarmVms({
      demand,
      warm,
      soonFree,
      left,
      wanted,
      room: (profile, host) => (isPaused(profile) ? 0 : gates.roomForWarm(profile, host, taken)),
      gates,
    });
    for (const key of plan.reclaim) actors.send(key, { type: 'slot.reclaimed' });
    this.#holds.decide(plan.unmet);
    for (const { profile, host } of plan.make) this.#make(profile, host);
    return soonest([...paused, wakeAt, gates.nextAt(), this.#full.nextAt()]);
  }

  /**
   * Jobs that could have a slot now, as far as is known: those that the next decision should grant. It starts
   * nothing, so that the health of the daemon can be judged by it.
   */
  couldBegin(): WaitingJob[] {
    const { gates, clock } = this.#options;
    const waiting = this.#waiting();
    if (waiting.length === 0) return [];
    const free = this.#freeHosts(this.#openHosts());
    if (free.every((host) => host.free === 0)) return [];
    const { grants } = schedule(waiting, free, clock.now(), {
      ...OPEN_GATES,
      inOrder: (due) => gates.inOrder(due),
      of: (job) => gates.of(job),
      on: (job, host) => gates.peek(job, host),
      room: (gate) => gates.room(gate),
    });
    const granted = new Set(grants.map(({ key }) => key));
    return waiting.filter(({ key }) => granted.has(key));
  }

  #mayGo(key: string, host: string): boolean {
    const { actors, gates } = this.#options;
    const job = actors.snapshotOf(key)?.context.job;
    const on = job && gates.on({ ...job, key }, host);
    return on?.every((gate) => gates.room(gate) > 0) ?? false;
  }

  /**
   * A warm VM that failed is not made again at once, or an image that never boots would be started for ever.
   */
  jobChanged(key: string, snapshot: JobSnapshot): void {
    this.#full.jobChanged(key, snapshot);
    const { job, vm, failure } = snapshot.context;
    if (job.id !== NO_JOB || vm === null || failure === null || !snapshot.hasTag('tearingDown')) return;
    this.#warmNotBefore.set(vm.profile, this.#options.clock.now() + WARM_PAUSE);
  }

  /** An actor is gone without a final state; its VM is still there, or on its way. */
  jobGone(key: string, last: JobSnapshot | null): void {
    this.#full.jobGone(key);
    const vm = last?.hasTag('holdsSlot') ? last.context.vm : null;
    if (vm)
      this.#orphans.add(vm.host, vm.name, this.#options.hosts.snapshotOf(vm.host)?.context.look ?? null);
  }

  /**
   * The next job for a VM of this profile on this host; null when there is none, or the host takes no jobs.
   */
  nextFor(profile: string, host: string): string | null {
    if (!this.#openHosts().has(host)) return null;
    const fitting = this.#waiting().filter((job) => job.profile === profile);
    return dueJobs(fitting, this.#options.clock.now())[0]?.key ?? null;
  }

  #hand(jobKey: string, warmKey: string): void {
    const { actors, store } = this.#options;
    const contextOf = (key: string) => actors.snapshotOf(key)?.context;
    const [waiting, warm] = [contextOf(jobKey), contextOf(warmKey)];
    if (!waiting || !warm) return;
    store.atomically(() => {
      actors.send(warmKey, { type: 'job.exchanged', job: waiting.job, here: false });
      actors.send(jobKey, { type: 'job.exchanged', job: warm.job, here: false });
    });
  }

  /** The numbers for names are stored with the grant. */
  #grant(key: string, host: string): void {
    const { actors, store, rollouts } = this.#options;
    const job = actors.snapshotOf(key)?.context.job;
    if (job === undefined) return;
    store.atomically(() => {
      const numbers = reserveNumbers(this.#options, job.id);
      actors.send(key, { type: 'slot.granted', host, numbers, image: rollouts.choose(host, job.profile) });
    });
  }

  /**
   * Its name contains the instant, so that no name is used again, not even when the store is lost (law 2).
   */
  #make(profile: string, host: string): void {
    const { actors, clock, store, rollouts } = this.#options;
    const at = clock.now();
    const job = placeholder({ name: 'warm VM', profile, at });
    store.atomically(() => {
      const numbers = reserveNumbers(this.#options, NO_JOB, at - 1);
      const image = rollouts.choose(host, profile);
      actors.send(actors.create(job), { type: 'slot.granted', host, numbers, image });
    });
  }

  #waiting(): WaitingJob[] {
    const waiting: WaitingJob[] = [];
    for (const { key, snapshot } of this.#options.actors.inQueue()) {
      const { status, profile, queuedAt, notBefore } = snapshot.context.job;
      if (status === 'queued') waiting.push({ key, profile, queuedAt, notBefore });
    }
    return waiting;
  }

  /** No job gets a warm VM of an image that was refused after the VM was made. */
  #reclaimRefused(): void {
    const { actors, rollouts } = this.#options;
    for (const { key, snapshot } of [...actors.placeholders()]) {
      const { vm } = snapshot.context;
      if (vm?.image && snapshot.hasTag('takesAnyJob') && rollouts.isRefused(vm.profile, vm.image))
        actors.send(key, { type: 'slot.reclaimed' });
    }
  }

  #warm(open: ReadonlySet<string>): WarmVm[] {
    const warm: WarmVm[] = [];
    for (const { key, snapshot } of this.#options.actors.placeholders()) {
      const { vm, phase } = snapshot.context;
      if (vm === null || !snapshot.hasTag('takesAnyJob')) continue;
      const { profile, host } = vm;
      const isReady = snapshot.hasTag('provisioned');
      warm.push({ key, profile, host, isReady, enteredAt: phase.enteredAt, isOpen: open.has(host) });
    }
    return warm;
  }

  #openHosts(): Set<string> {
    const { hosts, cordons } = this.#options;
    const open = [...hosts.all()].filter(
      ({ name, snapshot }) =>
        snapshot.hasTag('acceptsJobs') && snapshot.context.look !== null && cordons.of(name) === null,
    );
    return new Set(open.map(({ name }) => name));
  }

  #freeHosts(open: ReadonlySet<string>): FreeHost[] {
    const { actors, hosts } = this.#options;
    const free: FreeHost[] = [];
    for (const { name, snapshot } of hosts.all()) {
      const { look } = snapshot.context;
      if (look === null || !open.has(name) || this.#full.isFull(name)) continue;
      const claimed = new Set([...actors.slotsOn(name), ...this.#orphans.on(name, look)]);
      free.push({ name, free: Math.min(freeSlots(look, claimed), proofRoom(name, snapshot, actors)) });
    }
    return free;
  }
}
