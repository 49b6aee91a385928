import { sleepFor } from '../../../clock.ts';
import { type AgentWorld, inBackground, spend } from '../agent-world.ts';
import { forceStop, guestEnded, hardStop } from './power.ts';
import { removeVm } from './removal.ts';
import type { Power, Vm } from './vm.ts';

/**
 * Waits for what ends a running VM without a request: the end of its lifetime, or a guest that ends by its
 * boot plan.
 */
export function watchRunning(world: AgentWorld, vm: Vm, power: Power): void {
  const life = world.life.end.signal;
  const signal = AbortSignal.any([power.off.signal, life]);
  const { ends } = power.plan;
  if (ends) {
    const ending = world.clock.sleepUntil(power.since + ends.afterMs, signal);
    void inBackground(
      ending.then(() => guestEnded(world, vm, ends.how)),
      signal,
    );
  }
  if (vm.expiresAt !== null) void inBackground(expire(world, vm, vm.expiresAt, signal, life), signal);
}

/** Deletes a booted ephemeral VM that is stopped or in error, however long other operations hold it first. */
export function watchAtRest(world: AgentWorld, vm: Vm): void {
  if (!vm.ephemeral || !vm.hasBooted) return;
  const life = world.life.end.signal;
  vm.removed = inBackground(autoDelete(world, vm, life), life);
}

async function expire(world: AgentWorld, vm: Vm, at: number, running: AbortSignal, life: AbortSignal) {
  await world.clock.sleepUntil(at, running);
  while (world.gate.isHeld(vm.id)) await sleepFor(world.clock, world.options.latencies.expiryRetry, running);
  if (vm.state === 'running') await world.gate.holding(vm.id, 'expire', () => hardStop(world, vm, life));
  if (vm.state === 'paused') await world.gate.holding(vm.id, 'expire', () => forceStop(world, vm, life));
}

async function autoDelete(world: AgentWorld, vm: Vm, life: AbortSignal): Promise<void> {
  await spend(world, world.options.latencies.autoDelete, life);
  const atRest = () => world.vms.get(vm.id) === vm && (vm.state === 'stopped' || vm.state === 'error');
  while (atRest()) {
    if (!world.gate.isHeld(vm.id)) {
      // After a failed removal the VM stays listed as `deleted`; the agent does not try again.
      await world.gate.holding(vm.id, 'auto-delete', () => removeVm(world, vm, life)).catch(() => undefined);
      life.throwIfAborted();
      if (!atRest()) return;
    }
    await sleepFor(world.clock, world.options.latencies.autoDeleteRetry, life);
  }
}
