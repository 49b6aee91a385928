import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import type { Clock } from '../clock.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { placeholder } from '../jobs/new-job.ts';
import type { Store } from '../store/store.ts';
import type { Breakers } from './breakers.ts';
import { freeSlots } from './free-slots.ts';
import { assignWarmVms, planWarmVms, type WarmVm } from './plan-warm.ts';
import { dueJobs, type FreeHost, schedule, type WaitingJob } from './schedule.ts';

export interface SlotGrantsOptions {
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  store: Store;
  clock: Clock;
  /** How many warm VMs each profile wants. */
  warm: ReadonlyMap<string, number>;
}

/** Milliseconds for which a profile whose warm VM could not be made makes none. */
const WARM_PAUSE = 60_000;

/** Who gets a slot: queued jobs first, then warm VMs in what is left. It acts on what the pure functions decide. */
export class SlotGrants {
  readonly #options: SlotGrantsOptions;
  readonly #warmNotBefore = new Map<string, number>();
  #lastWarmNumber = 0;

  constructor(options: SlotGrantsOptions) {
    this.#options = options;
  }

  /** Gives out what can be given out now. Answers when to decide again at the latest; null when nothing waits for time. */
  decide(): number | null {
    const { actors, breakers, clock, warm: wanted } = this.#options;
    const now = clock.now();
    const rests = [...this.#warmNotBefore.values()].filter((at) => at > now);
    // Whatever frees a slot asks again, so the queue, which may be long, need not be looked at before.
    if (this.#warm().length === 0 && this.#freeHosts().every(({ free }) => free === 0)) return soonest(rests);
    for (const { job, warm } of assignWarmVms(this.#waiting(), this.#warm(), now)) this.#hand(job, warm);

    const room = (profile: string) => breakers.room('profile', profile);
    const { grants, unplaced, left, wakeAt } = schedule(this.#waiting(), this.#freeHosts(), now, room);
    for (const { key, host } of grants) actors.send(key, { type: 'slot.granted', host });

    const warm = this.#warm();
    const isResting = (profile: string) => (this.#warmNotBefore.get(profile) ?? 0) > now;
    const plan = planWarmVms({
      unplaced,
      warm,
      leaving: [...actors.placeholders()].filter(({ snapshot }) => snapshot.hasTag('tearingDown')).length,
      left,
      wanted,
      room: (profile) => (isResting(profile) ? 0 : room(profile)),
    });
    for (const key of plan.reclaim) actors.send(key, { type: 'slot.reclaimed' });
    for (const { profile, host } of plan.make) this.#make(profile, host);
    return soonest(wakeAt === null ? rests : [...rests, wakeAt]);
  }

  /** A warm VM that failed is not made again at once, or an image that never boots would be booted for ever. */
  jobChanged({ context, ...snapshot }: JobSnapshot): void {
    const { job, vm, failure } = context;
    if (job.id !== NO_JOB || vm === null || failure === null || !snapshot.hasTag('tearingDown')) return;
    this.#warmNotBefore.set(vm.profile, this.#options.clock.now() + WARM_PAUSE);
  }

  /** The job that is next for a VM of this profile on this host; null when none is, or the host takes none. */
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

  /** Its name bears the instant, so that none comes back, not even when the store is lost (law 2). */
  #make(profile: string, host: string): void {
    const { actors, clock, store } = this.#options;
    const at = clock.now();
    this.#lastWarmNumber = Math.max(Math.floor(at), this.#lastWarmNumber + 1);
    const job = placeholder({ name: 'warm VM', profile, at, namesTaken: this.#lastWarmNumber - 1 });
    store.atomically(() => actors.send(actors.create(job), { type: 'slot.granted', host }));
  }

  #waiting(): WaitingJob[] {
    const waiting: WaitingJob[] = [];
    for (const { key, snapshot } of this.#options.actors.inQueue()) {
      const { status, profile, queuedAt, notBefore } = snapshot.context.job;
      if (status === 'queued') waiting.push({ key, profile, queuedAt, notBefore });
    }
    return waiting;
  }

  #warm(): WarmVm[] {
    const warm: WarmVm[] = [];
    const open = this.#openHosts();
    for (const { key, snapshot } of this.#options.actors.placeholders()) {
      const { vm, phase } = snapshot.context;
      if (vm === null || !snapshot.hasTag('takesAnyJob')) continue;
      const { profile, host } = vm;
      const isReady = snapshot.hasTag('provisioned');
      warm.push({ key, profile, isReady, enteredAt: phase.enteredAt, isOpen: open.has(host) });
    }
    return warm;
  }

  #openHosts(): Set<string> {
    const { hosts, store } = this.#options;
    const open = [...hosts.all()].filter(
      ({ name, snapshot }) =>
        snapshot.hasTag('acceptsJobs') && snapshot.context.look !== null && store.cordons.of(name) === null,
    );
    return new Set(open.map(({ name }) => name));
  }

  #freeHosts(): FreeHost[] {
    const { actors, breakers, hosts } = this.#options;
    const open = this.#openHosts();
    const free: FreeHost[] = [];
    for (const { name, snapshot } of hosts.all()) {
      const { look } = snapshot.context;
      if (look === null || !open.has(name)) continue;
      const slots = freeSlots(look, actors.slotsOn(name));
      free.push({ name, free: Math.min(slots, breakers.room('host', name)) });
    }
    return free;
  }
}

const soonest = (instants: number[]) => (instants.length > 0 ? Math.min(...instants) : null);
