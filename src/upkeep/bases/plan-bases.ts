import type { VmImage } from '../../../machines/job/context.ts';
import { baseName } from '../../../machines/resource-name.ts';
import type { WantedImage } from '../../images/choose-image.ts';
import type { BaseVm } from './base-vms.ts';

/** A base that a profile should have on a host; a profile may have one of each image that it uses. */
export interface WantedBase {
  profile: string;
  /** Null while no image of the profile is known. */
  image: VmImage | null;
  /** Null where the image is. */
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
  image: VmImage | null;
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
  const all = wanted.map((one) => ({ role: one.role, ...planned(prefix, one, vms) }));
  const lacking = all.filter(({ role, base }) => role === 'current' && base.state === 'none');
  const lacksCurrent = new Set(lacking.map(({ profile }) => profile));
  const bases = all.filter(
    ({ role, profile, base }) => role !== 'previous' || (base.state === 'ready' && lacksCurrent.has(profile)),
  );
  const isSure = wanted.every(({ key }) => key !== null);
  const ids = bases.flatMap(({ base }) => (base.state === 'ready' ? [base.vmId] : []));
  return { bases, kept: isSure ? new Set(ids) : null };
}

function planned(prefix: string, { profile, image, key }: WantedBase, vms: readonly ListedVm[]): PlannedBase {
  const named = key === null ? [] : vms.filter(({ name }) => name === baseName(prefix, key));
  const current = named.find(({ state }) => state === 'stopped');
  if (current) return { profile, image, base: readyBase(current), make: false };
  const other = named[0];
  const why =
    key === null
      ? 'the digest of its image is not known yet'
      : other
        ? `${other.name} is ${other.state}`
        : 'it is being made';
  return { profile, image, base: { state: 'none', why }, make: key !== null && other === undefined };
}

function readyBase({ id, name }: ListedVm): BaseVm {
  return { state: 'ready', vmId: id, name, why: null };
}
