import type { AgentWorld } from './agent-world.ts';
import { isActive } from './images/pull-operation.ts';
import { listVms, slotsInUse } from './vms/vm-state.ts';

/** What is on the Mac right now, for a demonstration's final count and for tests that look for leaks. */
export function census(world: AgentWorld) {
  return {
    vmsCreated: world.vmsCreated,
    vms: listVms(world).map((vm) => ({
      id: vm.id,
      name: vm.name,
      state: vm.state,
      sshPort: vm.power?.forward?.port ?? null,
    })),
    slotsInUse: slotsInUse(world),
    sshPorts: [...world.portsInUse],
    activePulls: [...world.pulls.values()].filter(isActive).length,
    images: [...world.images.local.keys()],
  };
}
