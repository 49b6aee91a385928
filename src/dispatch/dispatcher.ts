import type { Logger } from 'pino';
import { type Failure, failure } from '../../machines/failure.ts';
import type { HostSnapshot } from '../../machines/host.ts';
import { type Job, NO_JOB } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { JobPolicy } from '../../machines/job/policy.ts';
import { releasedJob, withFailedAttempt } from '../../machines/job/release.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import type { Clock } from '../clock.ts';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { ImageRollouts } from '../images/image-rollouts.ts';
import type { Holder } from '../jobs/holder.ts';
import { isBeingMade } from '../jobs/is-being-made.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import type { Breakers } from '../placement/breakers/breakers.ts';
import type { Gates, WaitingJob } from '../placement/schedule.ts';
import { SlotGrants } from '../placement/slot-grants.ts';
import { UnservedJobs } from '../placement/waiting/unserved-jobs.ts';
import { quotedLabels } from '../placement/waiting/why-no-label.ts';
import type { Store } from '../store/store.ts';
import { routeObservation } from './route-observation.ts';

export interface DispatcherOptions {
  actors: JobActors;
  hosts: Hosts;
  cordons: Pick<HostCordons, 'of'>;
  breakers: Breakers;
  gates: Gates;
  store: Store;
  clock: Clock;
  log: Logger;
  policy: JobPolicy;
  /** How many warm VMs each profile wants. */
  warm: ReadonlyMap<string, number>;
  rollouts: Pick<ImageRollouts, 'choose' | 'isRefused'>;
  profileFor(labels: string[]): string | null;
}

/**
 * Passes observations to actors and gives free slots to queued jobs. It carries out what the pure functions
 * decide.
 */
export class Dispatcher {
  /** Jobs that GitHub has queued and that no VM is made for. */
  readonly unserved = new UnservedJobs();
  readonly #options: DispatcherOptions;
  readonly #grants: SlotGrants;
  /** VM ids that the last look at a host did not show; a VM that is missing in two looks in a row is gone. */
  readonly #missing = new Map<string, Set<string>>();
  /** The host on which each actor held a slot after its last transition. */
  readonly #slotOn = new Map<string, string>();
  /** Actors whose VM was seen on its way to be usable. */
  readonly #beingMade = new Set<string>();
  /** By actor, the job that the actor is about to leave. */
  readonly #released = new Map<string, Job>();
  #scheduled = false;
  #draining = false;
  #isRestoring = false;
  /** Cancels the next decision that waits for a time. */
  #callOff = (): void => undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#grants = new SlotGrants(options);
  }

  /** Carries out all steps of one observation in one transaction: an exchange changes two jobs (law 4). */
  observe(seen: JobObservation): void {
    const { actors, gates, store, log, policy, profileFor } = this.#options;
    const steps = routeObservation(seen, {
      holderOfJob: (id) => actors.holderOfJob(id),
      holderOfRunner: (name) => actors.holderOfRunner(name),
      isSettled: (id) => store.settled.has(id),
      isEndUntold: (id) => store.settled.endUntold(id) !== null,
      attemptsOfUnknownEnd: (seen) => store.settled.attemptsOfUnknownEnd(seen),
      isOurs: (name) => parseResourceName(policy.namePrefix, name) !== null,
      nextJobFor: (holder) => this.#nextJobFor(holder),
      profileFor,
    });
    gates.observed(seen);
    const isHeld = actors.holderOfJob(seen.jobId) !== null;
    this.unserved.observe(seen, profileFor(seen.labels) !== null, isHeld);
    store.atomically(() => {
      for (const step of steps) {
        if (step.do === 'unsettle') this.serveAgain(step.jobId, store.settled.endUntold(step.jobId) ?? 0);
        if (step.do === 'create') actors.create(step.job);
        if (step.do === 'tell') actors.send(step.key, step.event);
        if (step.do === 'settle') actors.settle(step.job, step.hasStory);
        if (step.do === 'noteUnmatched' && store.noted.addOnce(seen.jobId)) {
          const { jobId, labels, owner, repository } = seen;
          log.info(
            { job: jobId, labels, repository: `${owner}/${repository}` },
            `job ${jobId} is not for us: no label of the config matches its runs-on ${quotedLabels(labels)}`,
          );
        }
      }
    });
    if (steps.some((step) => step.do === 'create' || step.do === 'tell')) this.requestScheduling();
  }

  /** Forgets the outcome of a job, but not the numbers that an earlier version used in its names (law 2). */
  serveAgain(jobId: number, namesTaken: number): void {
    const { store, clock } = this.#options;
    store.settled.delete(jobId);
    if (namesTaken > store.names.lastOf(jobId)) store.names.put(jobId, namesTaken, clock.now());
  }

  /** Ends a queued job that can no longer be served, with its cause (law 11). */
  abandon(jobId: number, failure: Failure): void {
    const { actors } = this.#options;
    const holder = actors.holderOfJob(jobId);
    if (holder?.job.status === 'queued') actors.send(holder.key, { type: 'job.unservable', failure });
  }

  /**
   * The next job for the VM of an actor whose own job no longer needs it, while nothing in the VM is bound to
   * that job; null when there is none.
   */
  #nextJobFor({ key }: Holder): Holder | null {
    const { actors } = this.#options;
    const snapshot = actors.snapshotOf(key);
    const vm = snapshot?.hasTag('takesAnyJob') ? snapshot.context.vm : null;
    if (!vm || this.#draining) return null;
    const next = this.#grants.nextFor(vm.profile, vm.host);
    return next === null ? null : actors.holder(next);
  }

  /** Something changed: decide again, once, at the end of the present synchronous code. */
  requestScheduling(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#draining && !this.#isRestoring) this.#wakeAt(this.#grants.decide());
    });
  }

  /**
   * Gives out no slot while `restore` puts the actors of the store back, which takes turns: those that are still missing
   * have VMs. After a reload of the config, hosts, breakers and pulls are there before them and ask for decisions.
   */
  async restoring(restore: () => Promise<void>): Promise<void> {
    this.#isRestoring = true;
    await restore();
    this.#isRestoring = false;
    this.requestScheduling();
  }

  /** Moves jobs that do not run on the host yet to other hosts. */
  drainHost(host: string): void {
    const { actors } = this.#options;
    for (const { key, snapshot } of [...actors.all()]) {
      if (snapshot.context.vm?.host === host) actors.send(key, { type: 'host.drained' });
    }
  }

  /** Gives out no more slots; jobs that have one go on. */
  drain(): void {
    this.#draining = true;
    this.#callOff();
  }

  /**
   * Jobs that could have a slot and have none. A job that stays in this list is not being served, whatever
   * the reason.
   */
  couldBegin(): WaitingJob[] {
    return this.#draining || this.#isRestoring ? [] : this.#grants.couldBegin();
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Acts on a look at a host: what it means for the jobs there. */
  hostChanged(name: string, snapshot: HostSnapshot): void {
    const { actors } = this.#options;
    if (snapshot.hasTag('lost')) {
      for (const { key, snapshot: job } of [...actors.all()]) {
        if (job.context.vm?.host === name) actors.send(key, { type: 'host.lost' });
      }
    }
    if (snapshot.hasTag('answers')) this.#tellOfVanishedVms(name, snapshot);
    if (snapshot.hasTag('refusesChanges')) this.drainHost(name);
    this.requestScheduling();
  }

  jobChanged(key: string, snapshot: JobSnapshot): void {
    this.#options.breakers.jobChanged(key, snapshot);
    this.#grants.jobChanged(key, snapshot);
    this.#noteUsable(key, snapshot);
    this.#noteSlot(key, snapshot.hasTag('holdsSlot') ? snapshot.context.vm?.host : undefined);
    this.#release(key, snapshot);
    this.requestScheduling();
  }

  /**
   * An actor failed inside. Another actor may try again, and its VM is left as it is. A job that waits for a
   * runner goes on in a fresh actor, under names that were never used and after a growing pause, since the
   * job itself may be what made the actor fail. A job under way goes on in its VM, which the collector finds.
   */
  jobGone(key: string, last: JobSnapshot | null): void {
    const { actors, breakers, store } = this.#options;
    const free = this.#released.get(key) ?? (last && this.#afterFault(last));
    breakers.jobGone(key);
    this.#grants.jobGone(key, last);
    this.#released.delete(key);
    this.#beingMade.delete(key);
    this.#noteSlot(key, undefined);
    // An exchange that is under way may assign the job to another actor.
    queueMicrotask(() => {
      if (free && actors.holderOfJob(free.id) === null && !store.settled.has(free.id)) actors.create(free);
    });
    this.requestScheduling();
  }

  /** A VM that becomes usable shows that its host works. Another actor's transition does not wait for the host's. */
  #noteUsable(key: string, snapshot: JobSnapshot): void {
    const host = snapshot.context.vm?.host;
    if (isBeingMade(snapshot)) this.#beingMade.add(key);
    else if (this.#beingMade.delete(key) && host !== undefined && snapshot.hasTag('provisioned'))
      queueMicrotask(() => this.#options.hosts.tell(host, { type: 'vm.usable' }));
  }

  #afterFault({ context }: JobSnapshot): Job | null {
    const { policy, clock } = this.#options;
    const { id, status } = context.job;
    if (id === NO_JOB || status !== 'queued') return null;
    const ours = failure(
      'UNEXPECTED',
      `The state machine of job ${id} failed, which is a fault of this daemon.`,
    );
    const job = withFailedAttempt(context.job, ours);
    return releasedJob({ ...context, job, failure: ours }, policy, clock.now());
  }

  /**
   * Law 12: the job of a decided attempt goes on in an actor of its own as soon as the one that keeps the VM
   * has left it. All of it happens in one synchronous step, so it is one batch with the decision.
   */
  #release(key: string, snapshot: JobSnapshot): void {
    const { actors, policy, clock } = this.#options;
    const free = this.#released.get(key);
    if (free && snapshot.context.job.id !== free.id) {
      this.#released.delete(key);
      actors.create(free);
    } else if (!free && snapshot.hasTag('decided')) {
      this.#released.set(key, releasedJob(snapshot.context, policy, clock.now()));
      actors.send(key, { type: 'job.released' });
    }
  }

  /**
   * Until the next look, a host still shows the VM of a slot that was given back, and the slot seems taken.
   */
  #noteSlot(key: string, host: string | undefined): void {
    const before = this.#slotOn.get(key);
    if (host === undefined) this.#slotOn.delete(key);
    else this.#slotOn.set(key, host);
    if (before !== undefined && before !== host) this.#options.hosts.look(before);
  }

  /** Requests the second look at once: a job should not wait an interval to learn that its VM is gone. */
  #tellOfVanishedVms(name: string, { context: host }: HostSnapshot): void {
    const { actors, hosts } = this.#options;
    const vms = host.look?.vms ?? [];
    const listed = new Set(vms.map(({ id }) => id));
    const mayBe = new Set(vms.filter(({ id }) => id === '').map((unreadable) => unreadable.name));
    const before = this.#missing.get(name) ?? new Set<string>();
    const missing = new Set<string>();
    for (const { key, snapshot } of [...actors.all()]) {
      const { vm } = snapshot.context;
      const isLeaving = snapshot.hasTag('tearingDown') && !snapshot.hasTag('held');
      if (vm?.host !== name || vm.id === null || isLeaving) continue;
      if (listed.has(vm.id) || mayBe.has(vm.name)) continue;
      missing.add(vm.id);
      if (before.has(vm.id)) actors.send(key, { type: 'vm.vanished' });
    }
    this.#missing.set(name, missing);
    if ([...missing].some((id) => !before.has(id))) hosts.look(name);
  }

  #wakeAt(at: number | null): void {
    this.#callOff();
    if (at !== null) this.#callOff = this.#options.clock.alarm(at, () => this.requestScheduling());
  }
}
