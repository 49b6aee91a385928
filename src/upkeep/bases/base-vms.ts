import { parseBaseName } from '../../../machines/resource-name.ts';

/** The base VM that jobs of one profile are cloned from on one host, or why there is none. */
export type BaseVm =
  /** `why` is null, or says why it is of an earlier image and no newer one can be made. */
  | { state: 'ready'; vmId: string; name: string; why: string | null }
  | {
      state: 'none';
      /** Null when none is wanted. */
      why: string | null;
    };

const SWITCHED_OFF: BaseVm = { state: 'none', why: null };
const NOT_CHECKED: BaseVm = { state: 'none', why: 'it was not looked for yet' };

/** After so many temporary failures of its clone a VM is made from its image; 250 ms to 4 s are between them. */
const MAX_CLONE_FAILURES = 5;

/**
 * What this process knows of base VMs: the keeper writes it, creates read it, and the collector asks which VMs stay. In
 * memory only, since a restart reads it from the hosts' lists again; until then VMs are made from their images.
 */
export class BaseVms {
  readonly #isOn: boolean;
  readonly #namePrefix: string;
  /** By host, then by profile. */
  readonly #bases = new Map<string, Map<string, BaseVm>>();
  /** Ids of the VMs that are kept, by host; null where that is unknown now. */
  readonly #kept = new Map<string, ReadonlySet<string> | null>();
  /** The name under which the keeper is making one, by host. */
  readonly #making = new Map<string, string>();
  /** How many clones of a VM are being made, by its id. */
  readonly #cloning = new Map<string, number>();
  /** Clones that failed, by the name of the VM that was to be made. */
  readonly #cloneFailures = new Map<string, number>();

  constructor(isOn: boolean, namePrefix: string) {
    this.#isOn = isOn;
    this.#namePrefix = namePrefix;
  }

  /** Whether it is the name of a base of ours, complete or not. */
  isBase(vmName: string): boolean {
    return parseBaseName(this.#namePrefix, vmName) !== null;
  }

  of(host: string, profile: string): BaseVm {
    if (!this.#isOn) return SWITCHED_OFF;
    return this.#bases.get(host)?.get(profile) ?? NOT_CHECKED;
  }

  /** The base for one VM: none when its clone has failed too often, so that no base can keep a job from its VM. */
  forVm(vmName: string, host: string, profile: string): BaseVm {
    const hasFailed = (this.#cloneFailures.get(vmName) ?? 0) >= MAX_CLONE_FAILURES;
    return hasFailed ? { state: 'none', why: 'its clone was refused' } : this.of(host, profile);
  }

  /** Counts a clone that failed. After a permanent failure the VM is made from its image at the next try. */
  cloneFailed(vmName: string, failure: 'temporary' | 'permanent'): void {
    const count = failure === 'permanent' ? MAX_CLONE_FAILURES : (this.#cloneFailures.get(vmName) ?? 0) + 1;
    this.#cloneFailures.set(vmName, count);
  }

  /** The VM is made or gone, so its failures count no more. */
  forget(vmName: string): void {
    this.#cloneFailures.delete(vmName);
  }

  async whileCloning<T>(vmId: string, clone: () => Promise<T>): Promise<T> {
    const count = (change: number) => this.#cloning.set(vmId, (this.#cloning.get(vmId) ?? 0) + change);
    count(1);
    try {
      return await clone();
    } finally {
      count(-1);
      if (this.#cloning.get(vmId) === 0) this.#cloning.delete(vmId);
    }
  }

  set(host: string, profile: string, base: BaseVm): void {
    const bases = this.#bases.get(host) ?? new Map<string, BaseVm>();
    this.#bases.set(host, bases.set(profile, base));
  }

  /** Sets which VMs are the host's bases. With null that is unknown now, and all VMs with the name of a base are kept. */
  keep(host: string, vmIds: ReadonlySet<string> | null): void {
    this.#kept.set(host, vmIds);
  }

  /** Makes a base under a name that is kept until `make` has ended. */
  async whileMaking<T>(host: string, name: string, make: () => Promise<T>): Promise<T> {
    this.#making.set(host, name);
    try {
      return await make();
    } finally {
      this.#making.delete(host);
    }
  }

  /** Whether a VM with the name of a base is to stay. */
  keeps(host: string, vm: { id: string; name: string }): boolean {
    if (this.#cloning.has(vm.id)) return true;
    if (!this.#isOn) return false;
    const kept = this.#kept.get(host) ?? null;
    return kept === null || kept.has(vm.id) || this.#making.get(host) === vm.name;
  }

  /** All of a host, for people. */
  view(host: string): { profile: string; state: BaseVm['state']; vm: string | null; why: string | null }[] {
    return [...(this.#bases.get(host) ?? [])].map(([profile, base]) => ({
      profile,
      state: base.state,
      vm: base.state === 'ready' ? base.name : null,
      why: base.why,
    }));
  }
}
