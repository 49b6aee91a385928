import type { AgentWorld } from '../agent-world.ts';
import type { Power, Vm } from '../vms/vm.ts';

/** Returns true when the guest's address is known; false after a search that found none. */
export async function findAddress(
  world: AgentWorld,
  vm: Vm,
  power: Power,
  signal: AbortSignal,
): Promise<boolean> {
  if (power.natIp !== null) return true;
  const searching = AbortSignal.any([signal, power.off.signal]);
  const giveUpAt = world.clock.now() + world.options.latencies.natSearch;
  await world.clock.sleepUntil(Math.min(power.natAt, giveUpAt), searching);
  if (power.natAt > giveUpAt) return false;
  power.natIp = addressOf(vm);
  return true;
}

/** An address in the range that macOS gives to its guests. */
function addressOf(vm: Vm): string {
  return `192.168.64.${2 + (Number.parseInt(vm.macAddress.slice(-2), 16) % 250)}`;
}
