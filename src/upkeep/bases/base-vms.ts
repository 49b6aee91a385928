import { parseBaseName } from '../../../machines/resource-name.ts';

/** The base VM that jobs of one profile are cloned from on one host, or why there is none. */
export type BaseVm =
  /** `why` says what is not as it should be all the same: it is of an earlier image, and the next cannot be made. */
  | { state: 'ready'; vmId: string; name: string; why: string | null }
  | {
      state: 'none';
      /** Null when none is wanted. */
      why: string | null;
    };

const OFF: BaseVm = { state: 'none', why: null };
const NOT_YET: BaseVm = { state: 'none', why: 'it was not looked for yet' };

/** Refusals that may pass by themselves after which a VM is made from its image: 250 ms to 4 s between them. */
const MOST_REFUSALS = 5;

/**
 * What this process knows of base VMs: the keeper tells, creates read, the collector asks what is kept. In memory
 * only, since the hosts' lists say it all again after a restart; until then VMs are made from their images.
 */
export class BaseVms {
  readonly #isOn: boolean;
  readonly #namePrefix: string;
  /** By host, then by profile. */
  readonly #bases = new Map<string, Map<string, BaseVm>>();
  /** Ids of the VMs that are kept, by host; null where that cannot be told now. */
  readonly #kept = new Map<string, ReadonlySet<string> | null>();
  /** Names under which the keeper is making one, by host. */
  readonly #making = new Map<string, string>();
  /** How many clones of a VM are being made, by its id. */
  readonly #cloning = new Map<string, number>();
  /** Refused clones, by the name of the VM that was to be made. */
  readonly #refusals = new Map<string, number>();

  constructor(isOn: boolean, namePrefix: string) {
    this.#isOn = isOn;
    this.#namePrefix = namePrefix;
  }

  /** Whether it is the name of a base of ours, complete or not. */
  isBase(vmName: string): boolean {
    return parseBaseName(this.#namePrefix, vmName) !== null;
  }

  of(host: string, profile: string): BaseVm {
    if (!this.#isOn) return OFF;
    return this.#bases.get(host)?.get(profile) ?? NOT_YET;
  }

  /** The base for one VM: none once it was refused for that, so that no base can keep a job from its VM. */
  forVm(vmName: string, host: string, profile: string): BaseVm {
    const isRefused = (this.#refusals.get(vmName) ?? 0) >= MOST_REFUSALS;
    return isRefused ? { state: 'none', why: 'its clone was refused' } : this.of(host, profile);
  }

  /** A clone was refused; `for good` when the next try may only be the image. */
  refused(vmName: string, how: 'for now' | 'for good'): void {
    const refusals = how === 'for good' ? MOST_REFUSALS : (this.#refusals.get(vmName) ?? 0) + 1;
    this.#refusals.set(vmName, refusals);
  }

  /** The VM is made or gone: what was refused to it is of no interest any more. */
  forget(vmName: string): void {
    this.#refusals.delete(vmName);
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

  /** Which VMs are the host's bases. With null nobody can tell at present, and all that look like one are kept. */
  keep(host: string, vmIds: ReadonlySet<string> | null): void {
    this.#kept.set(host, vmIds);
  }

  /** Makes a base under a name that is kept meanwhile. */
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
