import type { HostLook, HostVm } from '../../machines/host.ts';

/** The agent's states in which a VM counts against its limit; a paused VM does, too. */
const SLOT_STATES = new Set([
  'installing',
  'starting',
  'running',
  'stopping',
  'pausing',
  'paused',
  'resuming',
]);

/** Whether a VM that the agent shows takes a slot, whoever owns it. */
export function holdsSlot({ state }: HostVm): boolean {
  return SLOT_STATES.has(state);
}

/**
 * Room for further VMs on a host. A claim of ours counts from the moment that it is stored, long before the
 * agent shows its VM; a VM that the agent shows counts whoever owns it.
 */
export function freeSlots(look: HostLook, claimedVmNames: ReadonlySet<string>): number {
  const others = look.vms.filter((vm) => holdsSlot(vm) && !claimedVmNames.has(vm.name)).length;
  return Math.max(0, look.slots - claimedVmNames.size - others);
}
