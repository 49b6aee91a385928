import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { type Demand, type HeldVm, planHolds } from './plan-holds.ts';
import type { FullHosts } from './room/full-hosts.ts';
import { proofRoom } from './room/proof-room.ts';
import type { Gates, WaitingJob } from './schedule.ts';

export interface HoldsOptions {
  actors: JobActors;
  hosts: Pick<Hosts, 'snapshotOf'>;
  cordons: Pick<HostCordons, 'of'>;
  gates: Pick<Gates, 'peek' | 'room'>;
  full: FullHosts;
}

/** The VMs that are held for a person: tells their actors what the pure functions decide. */
export class Holds {
  readonly #options: HoldsOptions;

  constructor(options: HoldsOptions) {
    this.#options = options;
  }

  /** True while no VM is held or is to be held. */
  get isEmpty(): boolean {
    return this.#options.actors.held().next().done === true;
  }

  /**
   * Lets VMs be held, and ends holds. `unplaced`: the jobs that found no slot, without those that get one of a warm VM;
   * `open`: the hosts that take jobs.
   */
  decide(unplaced: readonly WaitingJob[], open: ReadonlySet<string>): void {
    const { actors } = this.#options;
    const held = this.#held();
    if (held.length === 0) return;
    const { grant, end } = planHolds({
      held,
      demand: this.#demand(unplaced, open),
      soonFree: this.#soonFree(open),
      isClosed: (host) => this.#isClosed(host),
    });
    for (const { key, because } of end) actors.send(key, { type: 'hold.ended', because });
    for (const key of grant) actors.send(key, { type: 'hold.granted' });
  }

  #held(): HeldVm[] {
    const held: HeldVm[] = [];
    for (const { key, snapshot } of this.#options.actors.held()) {
      const { vm, hold } = snapshot.context;
      if (vm && hold) held.push({ key, host: vm.host, asks: snapshot.hasTag('asksToHold'), at: hold.at });
    }
    return held;
  }

  /** A host that is silent for a moment keeps its VM: only what an operator or its agent says closes it. */
  #isClosed(host: string): boolean {
    const { hosts, cordons } = this.#options;
    const snapshot = hosts.snapshotOf(host);
    return cordons.of(host) !== null || snapshot === null || snapshot.hasTag('refusesChanges');
  }

  #demand(unplaced: readonly WaitingJob[], open: ReadonlySet<string>): Demand[] {
    const { actors, gates, full } = this.#options;
    const passes = (job: WaitingJob, host: string) =>
      this.#hasUse(host, open) && (gates.peek(job, host)?.every((gate) => gates.room(gate) > 0) ?? false);
    const ofQueue = unplaced.map(
      (job): Demand =>
        (host) =>
          passes(job, host),
    );
    const ofFullHosts = full.waiting().flatMap((key): Demand[] => {
      const { job, vm } = actors.snapshotOf(key)?.context ?? {};
      return job && vm ? [(host) => host === vm.host || passes({ ...job, key }, host)] : [];
    });
    return [...ofQueue, ...ofFullHosts];
  }

  /** Whether one more VM could be made on the host if a slot became free there. */
  #hasUse(host: string, open: ReadonlySet<string>): boolean {
    const { hosts, actors, full } = this.#options;
    const snapshot = hosts.snapshotOf(host);
    return snapshot !== null && open.has(host) && !full.isFull(host) && proofRoom(host, snapshot, actors) > 0;
  }

  /** Slots of VMs whose deletion goes well. */
  #soonFree(open: ReadonlySet<string>): Map<string, number> {
    const free = new Map<string, number>();
    for (const { snapshot } of this.#options.actors.all()) {
      const { vm, phase } = snapshot.context;
      const isLeaving =
        snapshot.hasTag('tearingDown') && snapshot.hasTag('holdsSlot') && !snapshot.hasTag('held');
      if (!vm || !isLeaving || phase.lastFailure !== null || !open.has(vm.host)) continue;
      free.set(vm.host, (free.get(vm.host) ?? 0) + 1);
    }
    return free;
  }
}
