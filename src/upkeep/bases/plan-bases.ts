import { baseName, parseBaseName } from '../../../machines/resource-name.ts';
import type { BaseVm } from './base-vms.ts';

/** The base that a profile should have on a host. */
export interface WantedBase {
  profile: string;
  /** Null while the digest of its image is unknown there. */
  key: string | null;
  /** Id of the VM that has been its base so far, perhaps of an earlier image. */
  before: string | null;
}

/** A VM as the host lists it. */
export interface ListedVm {
  id: string;
  name: string;
  state: string;
}

export interface BasePlan {
  bases: {
    profile: string;
    base: BaseVm;
    /** Whether a new one has to be made. */
    make: boolean;
  }[];
  /** Ids of the VMs that are bases; null while that is unknown. */
  kept: ReadonlySet<string> | null;
}

/**
 * Decides which VMs of a host are the bases of its profiles, and which have to be made. The host's list is
 * the only record: a name says what its VM holds, and its plain form says that the VM is complete. A base of
 * an earlier image is used until its successor is ready. While any digest is unknown, unknown bases are kept,
 * since they may have that digest.
 */
export function planBases(prefix: string, wanted: readonly WantedBase[], vms: readonly ListedVm[]): BasePlan {
  const bases = wanted.map(({ profile, key, before }) => {
    const named = key === null ? [] : vms.filter(({ name }) => name === baseName(prefix, key));
    const current = named.find(({ state }) => state === 'stopped');
    if (current) return { profile, base: readyBase(current, null), make: false };
    const other = named[0];
    const why =
      key === null
        ? 'the digest of its image is not known yet'
        : other
          ? `${other.name} is ${other.state}`
          : 'it is being made';
    // A person who renames a base takes it over (law 3).
    const earlier = vms.find(
      ({ id, name, state }) =>
        id === before && state === 'stopped' && parseBaseName(prefix, name)?.isComplete,
    );
    const base: BaseVm = earlier ? readyBase(earlier, `of an earlier image: ${why}`) : { state: 'none', why };
    return { profile, base, make: key !== null && other === undefined };
  });
  const isSure = wanted.every(({ key }) => key !== null);
  const ids = bases.flatMap(({ base }) => (base.state === 'ready' ? [base.vmId] : []));
  return { bases, kept: isSure ? new Set(ids) : null };
}

function readyBase({ id, name }: ListedVm, why: string | null): BaseVm {
  return { state: 'ready', vmId: id, name, why };
}
