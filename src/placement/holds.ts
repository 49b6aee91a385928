import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import type { Demand } from './demand.ts';
import { type HeldVm, planHolds } from './plan-holds.ts';

export interface HoldsOptions {
  actors: JobActors;
  hosts: Pick<Hosts, 'snapshotOf'>;
  cordons: Pick<HostCordons, 'of'>;
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

  /** Lets VMs be held, and ends holds. `demand`: what waits for a slot and no slot becomes free for. */
  decide(demand: readonly Demand[]): void {
    const { actors } = this.#options;
    const held = this.#held();
    if (held.length === 0) return;
    const { grant, end } = planHolds({ held, demand, isClosed: (host) => this.#isClosed(host) });
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
}
