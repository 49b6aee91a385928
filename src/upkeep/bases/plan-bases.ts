import { baseName } from '../../../machines/resource-name.ts';
import type { WantedImage } from '../../images/choose-image.ts';
import type { BaseVm } from './base-vms.ts';

/** A base that a profile should have on a host; a profile may have one of each image that it uses. */
export interface WantedBase {
  profile: string;
  /** Null while no image of the profile is known. */
  digest: string | null;
  /** Null where the digest is. */
  key: string | null;
  /** The previous one is kept only while the current one is not there, and is never made. */
  role: WantedImage['role'];
}

/** A VM as the host lists it. */
export interface ListedVm {
  id: string;
  name: string;
  state: string;
}

export interface PlannedBase {
  profile: string;
  digest: string | null;
  base: BaseVm;
  /** Whether a new one has to be made. */
  make: boolean;
}

export interface BasePlan {
  bases: PlannedBase[];
  /** Ids of the VMs that are bases; null while that is unknown. */
  kept: ReadonlySet<string> | null;
}

/**
 * Decides which VMs of a host are the bases of its profiles, and which have to be made. The host's list is the
 * only record: a name says what its VM holds, and its plain form says that the VM is complete. While any digest
 * is unknown, unknown bases are kept, since they may have that digest.
 */
export function planBases(prefix: string, wanted: readonly WantedBase[], vms: readonly ListedVm[]): BasePlan {
  const all = wanted.map((one) => ({ role: one.role, planned: planned(prefix, one, vms) }));
  const lacksCurrent = (profile: string) =>
    all.some(({ role, planned: { base, ...of } }) => {
      return role === 'current' && of.profile === profile && base.state === 'none';
    });
  const bases = all.flatMap(({ role, planned }) => {
    if (role !== 'previous') return [planned];
    const isUsed = planned.base.state === 'ready' && lacksCurrent(planned.profile);
    return isUsed ? [{ ...planned, make: false }] : [];
  });
  const isSure = wanted.every(({ key }) => key !== null);
  const ids = bases.flatMap(({ base }) => (base.state === 'ready' ? [base.vmId] : []));
  return { bases, kept: isSure ? new Set(ids) : null };
}

function planned(
  prefix: string,
  { profile, digest, key }: WantedBase,
  vms: readonly ListedVm[],
): PlannedBase {
  const named = key === null ? [] : vms.filter(({ name }) => name === baseName(prefix, key));
  const current = named.find(({ state }) => state === 'stopped');
  if (current) return { profile, digest, base: readyBase(current), make: false };
  const other = named[0];
  const why =
    key === null
      ? 'the digest of its image is not known yet'
      : other
        ? `${other.name} is ${other.state}`
        : 'it is being made';
  return { profile, digest, base: { state: 'none', why }, make: key !== null && other === undefined };
}

function readyBase({ id, name }: ListedVm): BaseVm {
  return { state: 'ready', vmId: id, name, why: null };
}
