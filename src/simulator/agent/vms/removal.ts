import { type AgentWorld, operationFault, spend, vmById } from '../agent-world.ts';
import { invalidState, Refusal } from '../refusal.ts';
import { forceStop, powerOff } from './power.ts';
import type { Vm } from './vm.ts';
import { forceState } from './vm-state.ts';

const DELETABLE = ['created', 'stopped', 'error', 'deleted'];

/**
 * Deletes a VM; with `force` a live one is powered off first. Slot and port are free when it resolves. Throws 409
 * while any other operation holds the VM (force or not) and for a live VM without force, 404 for an unknown one,
 * and 500 DELETE_FAILED, after which the VM stays listed as `deleted` and can be deleted again.
 */
export function deleteVm(world: AgentWorld, id: string, force: boolean, life: AbortSignal): Promise<void> {
  return world.gate.holding(id, 'delete', async () => {
    const vm = vmById(world, id);
    if (!DELETABLE.includes(vm.state)) {
      if (!force) throw invalidState('VM must be stopped before deletion');
      await forceStop(world, vm, life);
    }
    await removeVm(world, vm, life);
  });
}

/** Removes the files and the record of a VM that is at rest; the caller holds its gate. */
export async function removeVm(world: AgentWorld, vm: Vm, life: AbortSignal): Promise<void> {
  await powerOff(world, vm);
  const fault = await operationFault(world, 'delete', vm.name, life);
  await spend(world, world.options.latencies.delete, life);
  if (fault) {
    if (vm.state !== 'deleted') forceState(world, vm, 'deleted');
    const message = fault.message ?? 'Delete failed: the VM bundle could not be removed';
    throw new Refusal(fault.status ?? 500, fault.code ?? 'DELETE_FAILED', message);
  }
  forgetVm(world, vm);
}

/** Removes the record; what else the agent knew of the VM stays in its events. */
export function forgetVm(world: AgentWorld, vm: Vm): void {
  world.vms.delete(vm.id);
  world.events.publish('VM_DELETED', vm.id, { name: vm.name });
}
