import { type AgentWorld, operationFault, spend, vmById } from '../agent-world.ts';
import type { Resources } from '../options.ts';
import { invalidRequest, invalidState, Refusal } from '../refusal.ts';
import type { Vm } from './vm.ts';
import { checkBounds, checkHost } from './vm-fields.ts';

export interface UpdateRequest {
  name: string | null;
  resources: Partial<Resources>;
}

/** Throws 400 INVALID_REQUEST for what the agent refuses before any work. */
export function checkUpdate(request: UpdateRequest): void {
  if (request.name === null && Object.keys(request.resources).length === 0) {
    throw invalidRequest('Invalid request: at least one field must be provided');
  }
  checkBounds(request.resources, 'INVALID_REQUEST');
}

/**
 * Renames a VM in any state, and changes resources of one that is stopped. Growing the disk takes time; a failed
 * growth leaves CPU and memory as they were. Throws 409 INVALID_STATE, 400 or 500 or 504 UPDATE_VM_FAILED.
 */
export function updateVm(
  world: AgentWorld,
  id: string,
  request: UpdateRequest,
  life: AbortSignal,
): Promise<Vm> {
  return world.gate.holding(id, 'update', async () => {
    const vm = vmById(world, id);
    if (vm.state === 'deleted') throw invalidState('VM is deleted');
    const changed = Object.keys(request.resources);
    if (changed.length > 0) await resize(world, vm, request.resources, life);
    if (request.name !== null) vm.name = request.name;
    vm.updatedAt = world.clock.now();
    if (changed.length > 0) world.events.publish('VM_RESOURCES_UPDATED', vm.id);
    return vm;
  });
}

async function resize(world: AgentWorld, vm: Vm, wanted: Partial<Resources>, life: AbortSignal) {
  if (vm.state !== 'stopped' && vm.state !== 'created') {
    throw invalidState('VM must be stopped or created to update resources');
  }
  const resources = { ...vm.resources, ...wanted };
  checkHost(resources, world.options.host, 'UPDATE_VM_FAILED');
  if (resources.diskSize < vm.resources.diskSize) {
    throw new Refusal(400, 'UPDATE_VM_FAILED', 'Disk can only be enlarged, not shrunk');
  }
  if (vm.state === 'stopped' && resources.diskSize > vm.resources.diskSize) {
    const fault = await operationFault(world, 'resize', vm.name, life);
    await spend(world, world.options.latencies.resize, life);
    if (fault) {
      const message = fault.message ?? 'Update failed: disk resize failed';
      throw new Refusal(fault.status ?? 500, fault.code ?? 'UPDATE_VM_FAILED', message);
    }
  }
  vm.resources = resources;
}
