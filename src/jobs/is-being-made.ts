import type { JobSnapshot } from '../../machines/job.ts';

/** Returns whether the VM of an actor is not usable yet: its runner is not online, and it is not a warm VM either. */
export function isBeingMade(snapshot: JobSnapshot): boolean {
  return snapshot.hasTag('holdsSlot') && !snapshot.hasTag('provisioned') && !snapshot.hasTag('tearingDown');
}
