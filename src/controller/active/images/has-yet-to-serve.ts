import type { JobSnapshot } from '../../../../machines/job.ts';
import { isBeingMade } from '../../../jobs/is-being-made.ts';

/**
 * Returns whether an actor has a VM of this profile and image that can still fail its first job: the VM is being made,
 * or it is warm. A warm VM counts, or all that the image is tried with could be handed to jobs at the same instant.
 */
export function hasYetToServe(snapshot: JobSnapshot, profile: string, digest: string): boolean {
  const { vm } = snapshot.context;
  if (vm?.profile !== profile || vm.image?.digest !== digest) return false;
  return isBeingMade(snapshot) || snapshot.hasTag('takesAnyJob');
}
