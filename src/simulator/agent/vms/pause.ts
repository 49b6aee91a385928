import { type AgentWorld, operationFault, spend, vmById } from '../agent-world.ts';
import { setUpNetwork } from '../network/ssh-forwarding.ts';
import { invalidState, Refusal } from '../refusal.ts';
import { fail, networkFrom, powerOn, releaseNetwork } from './power.ts';
import type { Vm } from './vm.ts';
import { move } from './vm-state.ts';

/**
 * Pauses a running VM: it keeps its slot, and loses its address and its ports. The simulated guest goes on
 * running, but its ports are closed. Throws 409 INVALID_STATE in every other state, 500 PAUSE_FAILED, after
 * which the VM is in `error`.
 */
export function pauseVm(world: AgentWorld, id: string, life: AbortSignal): Promise<Vm> {
  return world.gate.holding(id, 'pause', async () => {
    const vm = vmById(world, id);
    const { power } = vm;
    if (vm.state !== 'running' || !power) {
      throw invalidState(`VM must be running before it can pause (current: ${vm.state})`);
    }
    move(world, vm, 'pausing');
    await work(world, vm, 'pause', life);
    move(world, vm, 'paused');
    await releaseNetwork(world, vm, power);
    return vm;
  });
}

/**
 * Resumes a paused VM; one without hardware is restored from the file in which a restart of the agent saved
 * it. It still has its slot, and its uptime and its network begin again. Throws 409 INVALID_STATE in every
 * other state, 500 RESUME_FAILED, after which the VM is in `error`.
 */
export function resumeVm(world: AgentWorld, id: string, life: AbortSignal): Promise<Vm> {
  return world.gate.holding(id, 'resume', async () => {
    const vm = vmById(world, id);
    if (vm.state !== 'paused') {
      throw invalidState(`VM must be paused before it can resume (current: ${vm.state})`);
    }
    move(world, vm, 'resuming');
    await work(world, vm, 'resume', life);
    const { power } = vm;
    if (power === null) {
      await powerOn(world, vm, life, 'RESUME_FAILED');
      return vm;
    }
    // The guest had booted before the pause, or goes on booting.
    const sshUpAt = Math.max(world.clock.now(), power.sshUpAt);
    Object.assign(power, networkFrom(world, power.plan), { sshUpAt });
    move(world, vm, 'running', 'VM_RESUMED');
    power.network.done = setUpNetwork(world, vm, power, life);
    return vm;
  });
}

async function work(world: AgentWorld, vm: Vm, operation: 'pause' | 'resume', life: AbortSignal) {
  const fault = await operationFault(world, operation, vm.name, life);
  await spend(world, world.options.latencies.pause, life);
  if (!fault) return;
  const message = fault.message ?? `The virtual machine did not ${operation}`;
  fail(world, vm, message);
  if (vm.power) await releaseNetwork(world, vm, vm.power);
  throw new Refusal(fault.status ?? 500, fault.code ?? `${operation.toUpperCase()}_FAILED`, message);
}
