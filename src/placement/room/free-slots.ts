import type { HostLook } from '../../../machines/host-look.ts';
import { holdsSlot } from '../../agent/vm-state.ts';

/**
 * Room for further VMs on a host. A claim of ours counts from the moment that it is stored, long before the
 * agent shows its VM; a VM that the agent shows counts, whether or not it is ours.
 */
export function freeSlots(look: HostLook, claimedVmNames: ReadonlySet<string>): number {
  const others = look.vms.filter((vm) => holdsSlot(vm.state) && !claimedVmNames.has(vm.name)).length;
  return Math.max(0, look.slots - claimedVmNames.size - others);
}
