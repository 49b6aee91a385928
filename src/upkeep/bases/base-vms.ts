import type { VmImage } from '../../../machines/job/context.ts';
import { parseBaseName } from '../../../machines/resource-name.ts';

/** The base VM that jobs of one profile are cloned from on one host, or why there is none. */
export type BaseVm =
  /** `why` is null, or says what failed at the last look at it. */
  | { state: 'ready'; vmId: string; name: string; why: string | null }
  | {
      state: 'none';
      /** Null when none is wanted. */
      why: string | null;
    };

type HasDigest = Pick<VmImage, 'digest'>;

interface BaseOf {
  profile: string;
  digest: string | null;
  base: BaseVm;
}

const SWITCHED_OFF: BaseVm = { state: 'none', why: null };
const NOT_CHECKED: BaseVm = { state: 'none', why: 'it was not looked for yet' };

/**
 * Number of temporary failures after which a VM is made from its image; pauses of 250 ms to 4 s lie between
 * them.
 */
const MAX_CLONE_FAILURES = 5;

/**
 * What this process knows of base VMs: the keeper writes it, creates read it, and the collector asks which
 * VMs to keep. In memory only, since a restart reads it from the hosts' lists again; until then VMs are made
 * from their images.
 */
export class BaseVms {
  readonly #isOn: boolean;
  readonly #namePrefix: string;
  /** By host, then by profile and digest; without a digest for a profile whose images are not known yet. */
  readonly #bases = new Map<string, Map<string, BaseOf>>();
  /** Hosts whose agent does not offer to clone. */
  readonly #cannotClone = new Set<string>();
  /** Ids of the VMs that are kept, by host; null when that is unknown now. */
  readonly #kept = new Map<string, ReadonlySet<string> | null>();
  /** The name under which the keeper is making one, by host. */
  readonly #making: Map<string, string>;
  /** How many clones of a VM are being made, by its id. */
  readonly #cloning: Map<string, number>;
  /** Clones that failed, by the name of the VM that was to be made. */
  readonly #cloneFailures: Map<string, number>;

  /**
   * `before`: what was known under the earlier config. What is being made goes on; what is ready is looked for
   * again, since the images may be others now.
   */
  constructor(isOn: boolean, namePrefix: string, before: BaseVms | null = null) {
    this.#isOn = isOn;
    this.#namePrefix = namePrefix;
    this.#making = before ? before.#making : new Map();
    this.#cloning = before ? before.#cloning : new Map();
    this.#cloneFailures = before ? before.#cloneFailures : new Map();
  }

  /** Whether this is the name of a base of ours, complete or not. */
  isBase(vmName: string): boolean {
    return parseBaseName(this.#namePrefix, vmName) !== null;
  }

  /** Whether VMs are cloned from bases on the host; as far as is known, its agent can do that. */
  areMadeOn(host: string): boolean {
    return this.#isOn && !this.#cannotClone.has(host);
  }

  /** The agent of the host offers to clone, or does not. */
  setOffered(host: string, isOffered: boolean): void {
    if (isOffered) this.#cannotClone.delete(host);
    else this.#cannotClone.add(host);
  }

  /** Whether it was not looked yet which bases the host has. */
  isUnseen(host: string): boolean {
    return this.#isOn && !this.#bases.has(host);
  }

  /** `image` is null for a profile of which no image is known yet. */
  of(host: string, profile: string, image: HasDigest | null): BaseVm {
    if (!this.#isOn) return SWITCHED_OFF;
    return this.#bases.get(host)?.get(keyOf(profile, image))?.base ?? NOT_CHECKED;
  }

  /**
   * The base for one VM. None when the VM's clone has failed too often, so that no base can keep a job from
   * getting a VM.
   */
  forVm(vmName: string, host: string, profile: string, image: VmImage | null): BaseVm {
    const hasFailed = (this.#cloneFailures.get(vmName) ?? 0) >= MAX_CLONE_FAILURES;
    return hasFailed ? { state: 'none', why: 'its clone was refused' } : this.of(host, profile, image);
  }

  /** Counts a failed clone. After a permanent failure the next try makes the VM from its image. */
  cloneFailed(vmName: string, failure: 'temporary' | 'permanent'): void {
    const count = failure === 'permanent' ? MAX_CLONE_FAILURES : (this.#cloneFailures.get(vmName) ?? 0) + 1;
    this.#cloneFailures.set(vmName, count);
  }

  /** The VM is made or gone, so its failures no longer count. */
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

  /** `image` is null for a profile of which no image is known yet. */
  set(host: string, profile: string, image: HasDigest | null, base: BaseVm): void {
    const bases = this.#bases.get(host) ?? new Map<string, BaseOf>();
    this.#bases.set(host, bases.set(keyOf(profile, image), { profile, digest: image?.digest ?? null, base }));
  }

  /** Forgets what is known of all other images on the host. */
  keepOnly(host: string, wanted: readonly { profile: string; image: HasDigest | null }[]): void {
    const keys = new Set(wanted.map(({ profile, image }) => keyOf(profile, image)));
    for (const key of this.#bases.get(host)?.keys() ?? []) {
      if (!keys.has(key)) this.#bases.get(host)?.delete(key);
    }
  }

  /**
   * Sets which VMs are the host's bases. Null means that it is unknown now; all VMs with the name of a base
   * are then kept.
   */
  keep(host: string, vmIds: ReadonlySet<string> | null): void {
    this.#kept.set(host, vmIds);
  }

  /** Makes a base under a name; VMs with that name are kept until `make` has ended. */
  async whileMaking<T>(host: string, name: string, make: () => Promise<T>): Promise<T> {
    this.#making.set(host, name);
    try {
      return await make();
    } finally {
      this.#making.delete(host);
    }
  }

  /** Whether a VM with the name of a base has to be kept. */
  keeps(host: string, vm: { id: string; name: string }): boolean {
    if (this.#cloning.has(vm.id)) return true;
    if (!this.#isOn) return false;
    const kept = this.#kept.get(host) ?? null;
    return kept === null || kept.has(vm.id) || this.#making.get(host) === vm.name;
  }

  /** All bases of a host, for people. */
  view(host: string): BaseView[] {
    return [...(this.#bases.get(host)?.values() ?? [])].map(({ profile, digest, base }) => ({
      profile,
      digest,
      state: base.state,
      vm: base.state === 'ready' ? base.name : null,
      why: base.why,
    }));
  }
}

export interface BaseView {
  profile: string;
  digest: string | null;
  state: BaseVm['state'];
  vm: string | null;
  why: string | null;
}

const keyOf = (profile: string, image: HasDigest | null) => `${profile} ${image?.digest ?? ''}`;
