import type { JobSnapshot } from './job-actors.ts';
import type { WaitingJob } from './schedule.ts';

interface Claim {
  host: string;
  vmName: string;
}

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Who waits for a slot and who has one, kept from transition to transition: to ask every actor each time would make
 * one transition dearer with each job that lives.
 */
export class SlotBook {
  readonly #waiting = new Map<string, WaitingJob>();
  readonly #claimOf = new Map<string, Claim>();
  readonly #claimed = new Map<string, Set<string>>();

  /** Takes an actor as it is now, null when it is no more. Answers the host whose slot it has given back. */
  note(key: string, snapshot: JobSnapshot | null): string | null {
    const isLive = snapshot?.status === 'active';
    const { job, vm } = snapshot?.context ?? {};
    if (isLive && job?.status === 'queued' && snapshot.matches('queued')) {
      const { profile, queuedAt, notBefore } = job;
      this.#waiting.set(key, { key, profile, queuedAt, notBefore });
    } else {
      this.#waiting.delete(key);
    }
    return this.#claim(key, isLive && vm && snapshot.hasTag('holdsSlot') ? vm : null);
  }

  waiting(): WaitingJob[] {
    return [...this.#waiting.values()];
  }

  /** The names of the VMs of ours that hold a slot of a host, or will as soon as its agent shows them. */
  claimsOn(host: string): ReadonlySet<string> {
    return this.#claimed.get(host) ?? NOBODY;
  }

  #claim(key: string, vm: { host: string; name: string } | null): string | null {
    const before = this.#claimOf.get(key);
    if (before?.host === vm?.host && before?.vmName === vm?.name) return null;
    if (before) this.#claimed.get(before.host)?.delete(before.vmName);
    this.#claimOf.delete(key);
    if (vm) {
      const claimed = this.#claimed.get(vm.host) ?? new Set();
      this.#claimed.set(vm.host, claimed.add(vm.name));
      this.#claimOf.set(key, { host: vm.host, vmName: vm.name });
    }
    return before && before.host !== vm?.host ? before.host : null;
  }
}
