import type { Logger } from 'pino';
import { parseResourceName } from '../../machines/job/resource-name.ts';
import type { Clock } from '../clock.ts';
import type { JobObservation } from '../intake/job-observation.ts';
import type { Store } from '../store/store.ts';
import type { Breakers } from './breakers.ts';
import { freeSlots } from './free-slots.ts';
import type { HostSnapshot, Hosts } from './hosts.ts';
import type { JobActors, JobSnapshot } from './job-actors.ts';
import { routeObservation } from './route-observation.ts';
import { type FreeHost, schedule } from './schedule.ts';
import { outcomeElsewhere } from './settled-outcome.ts';
import { SlotBook } from './slot-book.ts';
import { UnservedJobs } from './unserved-jobs.ts';

export interface DispatcherOptions {
  actors: JobActors;
  hosts: Hosts;
  breakers: Breakers;
  store: Store;
  clock: Clock;
  log: Logger;
  namePrefix: string;
  profileFor(labels: string[]): string | null;
}

/** Brings observations to actors and free slots to queued jobs. It acts on what the pure functions decide. */
export class Dispatcher {
  /** What GitHub has queued and we make no VM for. */
  readonly unserved = new UnservedJobs();
  readonly #options: DispatcherOptions;
  readonly #stopped = new AbortController();
  /** VM ids that the last look at a host did not show; missing in two looks running means gone. */
  readonly #missing = new Map<string, Set<string>>();
  readonly #slots = new SlotBook();
  #scheduled = false;
  #draining = false;
  #wake: AbortController | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Takes all steps of one observation in one synchronous stretch, so that they are stored in one batch. */
  observe(seen: JobObservation): void {
    const { actors, store, clock, log, namePrefix, profileFor } = this.#options;
    const steps = routeObservation(seen, {
      holderOfJob: (id) => actors.holderOfJob(id),
      holderOfRunner: (name) => actors.holderOfRunner(name),
      isSettled: (id) => store.isSettled(id),
      isOurs: (name) => parseResourceName(namePrefix, name) !== null,
      profileFor,
    });
    const isHeld = actors.holderOfJob(seen.jobId) !== null;
    this.unserved.observe(seen, profileFor(seen.labels) !== null, isHeld);
    for (const step of steps) {
      if (step.do === 'create') actors.create(this.#withUnusedNames(step.job));
      if (step.do === 'tell') actors.send(step.key, step.event);
      if (step.do === 'settle') store.settleJob(outcomeElsewhere(seen, clock.now()));
      if (step.do === 'noteUnmatched' && store.noteOnce(seen.jobId)) {
        const { jobId, labels, owner, repository } = seen;
        log.info(
          { job: jobId, labels, repository: `${owner}/${repository}` },
          `job ${jobId} is not for us: no label of the config covers its runs-on [${labels.join(', ')}]`,
        );
      }
    }
    this.poke();
  }

  /** Something changed: decide anew, once, when the present synchronous stretch is over. */
  poke(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#draining) this.#grantSlots();
    });
  }

  /** Gives out no more slots; jobs that have one go on. */
  drain(): void {
    this.#draining = true;
    this.#stopped.abort();
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** What a look at a host means for the jobs on it. */
  hostChanged(name: string, snapshot: HostSnapshot): void {
    const { actors } = this.#options;
    if (snapshot.matches('lost')) {
      for (const { key, snapshot: job } of [...actors.all()]) {
        if (job.context.vm?.host !== name) continue;
        actors.send(key, { type: 'host.lost' });
        this.#releaseFromLostHost(key);
      }
    }
    if (snapshot.hasTag('acceptsJobs')) this.#tellOfVanishedVms(name, snapshot);
    this.poke();
  }

  /** Called with each transition of a job's actor, and with null when the actor failed inside and is no more. */
  jobChanged(key: string, snapshot: JobSnapshot | null): void {
    const { breakers, hosts } = this.#options;
    // Until the next look a host still shows the VM of a slot that was given back, and the slot seems taken.
    const freed = this.#slots.note(key, snapshot);
    if (freed !== null) hosts.look(freed);
    if (snapshot !== null) {
      breakers.jobChanged(key, snapshot);
      const host = snapshot.context.vm?.host;
      const isLost = (name: string) =>
        [...hosts.all()].find((one) => one.name === name)?.snapshot.matches('lost');
      if (host && snapshot.hasTag('tearingDown') && isLost(host)) {
        queueMicrotask(() => this.#releaseFromLostHost(key));
      }
    }
    this.poke();
  }

  /** A teardown on a lost host may take for ever; its job goes on elsewhere meanwhile. */
  #releaseFromLostHost(key: string): void {
    const { actors } = this.#options;
    for (const { key: other, snapshot } of [...actors.all()]) {
      const { job, released } = snapshot.context;
      if (other !== key || released || !snapshot.hasTag('tearingDown') || job.status !== 'queued') continue;
      actors.send(key, { type: 'job.released' });
      actors.create(job);
    }
  }

  /** The second look is asked for at once: a job should not wait an interval to learn that its VM is gone. */
  #tellOfVanishedVms(name: string, { context: host }: HostSnapshot): void {
    const { actors, hosts } = this.#options;
    const listed = new Set(host.look?.vms.map(({ id }) => id));
    const before = this.#missing.get(name) ?? new Set<string>();
    const missing = new Set<string>();
    for (const { key, snapshot } of [...actors.all()]) {
      const { vm } = snapshot.context;
      if (vm?.host !== name || vm.id === null || listed.has(vm.id) || snapshot.hasTag('tearingDown'))
        continue;
      missing.add(vm.id);
      if (before.has(vm.id)) actors.send(key, { type: 'vm.vanished' });
    }
    this.#missing.set(name, missing);
    if ([...missing].some((id) => !before.has(id))) hosts.look(name);
  }

  #grantSlots(): void {
    const { actors, breakers, clock } = this.#options;
    const free = this.#freeHosts();
    // Whatever makes room decides anew.
    if (free.length === 0) return;
    const waiting = this.#slots.waiting();
    const { grants, wakeAt } = schedule(waiting, free, clock.now(), (name) => breakers.room('profile', name));
    for (const { key, host } of grants) actors.send(key, { type: 'slot.granted', host });
    this.#wakeAt(wakeAt);
  }

  #freeHosts(): FreeHost[] {
    const { breakers, hosts, store } = this.#options;
    const hasRoom: FreeHost[] = [];
    for (const { name, snapshot } of hosts.all()) {
      const { look } = snapshot.context;
      if (!snapshot.hasTag('acceptsJobs') || look === null || store.cordonOf(name) !== null) continue;
      const slots = freeSlots(look, this.#slots.claimsOn(name));
      const free = Math.min(slots, breakers.room('host', name));
      if (free > 0) hasRoom.push({ name, free });
    }
    return hasRoom;
  }

  #wakeAt(at: number | null): void {
    this.#wake?.abort();
    if (at === null) return;
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, this.#stopped.signal]);
    this.#options.clock.sleepUntil(at, signal).then(
      () => this.poke(),
      () => undefined,
    );
  }

  /** A job whose record was unreadable may have used names already: its new life begins beyond them (law 2). */
  #withUnusedNames<J extends { id: number; namesTaken: number }>(job: J): J {
    const { store } = this.#options;
    const lives = store.quarantinedKeys().filter((key) => key.split('.')[0] === String(job.id)).length;
    return lives === 0 ? job : { ...job, namesTaken: Math.max(job.namesTaken, lives * 1000) };
  }
}
