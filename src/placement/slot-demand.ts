import { NO_JOB } from '../../machines/job/context.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import type { Demand } from './demand.ts';
import type { FullHosts } from './room/full-hosts.ts';
import { proofRoom } from './room/proof-room.ts';
import type { Gates, WaitingJob } from './schedule.ts';

export interface SlotDemandOptions {
  actors: JobActors;
  hosts: Pick<Hosts, 'snapshotOf'>;
  gates: Pick<Gates, 'peek' | 'room'>;
  full: FullHosts;
}

/** What waits for slots, and which slots become free by themselves. */
export class SlotDemand {
  readonly #options: SlotDemandOptions;

  constructor(options: SlotDemandOptions) {
    this.#options = options;
  }

  /**
   * What waits for a slot and found none, the first in the queue at the front: `unplaced`, and then the jobs whose VM a
   * full host refuses to start. `open`: the hosts that take jobs.
   */
  of(unplaced: readonly WaitingJob[], open: ReadonlySet<string>): Demand[] {
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
      return vm && job && job.id !== NO_JOB
        ? [(host) => host === vm.host || passes({ ...job, key }, host)]
        : [];
    });
    return [...ofQueue, ...ofFullHosts];
  }

  /** The hosts of VMs whose deletion goes well, one for each slot that it makes free. */
  soonFree(): string[] {
    return [...this.#options.actors.all()].flatMap(({ snapshot }) => {
      const { vm, phase } = snapshot.context;
      const isLeaving =
        snapshot.hasTag('tearingDown') && snapshot.hasTag('holdsSlot') && !snapshot.hasTag('held');
      return vm && isLeaving && phase.lastFailure === null ? [vm.host] : [];
    });
  }

  /** Whether one more VM could be made on the host if a slot became free there. */
  #hasUse(host: string, open: ReadonlySet<string>): boolean {
    const { hosts, actors, full } = this.#options;
    const snapshot = hosts.snapshotOf(host);
    if (snapshot === null || !open.has(host) || full.isFull(host)) return false;
    return proofRoom(host, snapshot, actors) > 0 || this.#provesWithWarm(host);
  }

  /** A warm VM that is being made on a host that has to prove itself makes room for a job. */
  #provesWithWarm(host: string): boolean {
    return [...this.#options.actors.making()].some(
      ({ snapshot }) => snapshot.hasTag('takesAnyJob') && snapshot.context.vm?.host === host,
    );
  }
}
