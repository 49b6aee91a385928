import { type AgentWorld, inBackground, vmById } from '../agent-world.ts';
import type { PortForward } from '../hypervisor.ts';
import { invalidState, Refusal } from '../refusal.ts';
import type { Power, Vm } from '../vms/vm.ts';
import { findAddress } from './guest-address.ts';

/** Milliseconds for which the agent waits for a guest's banner. */
const BANNER_PATIENCE = 4_000;

/**
 * What the SSH routes return. The host is always this literal, even when the controller is on another
 * machine.
 */
export interface SshInfo {
  host: '127.0.0.1';
  port?: number;
  status: 'ready' | 'unavailable' | 'disabled';
}

/** Reads the forwarding. Throws 409 before installation and 404 SSH_NOT_CONFIGURED while there is no port. */
export function sshInfo(world: AgentWorld, id: string): SshInfo {
  const vm = vmById(world, id);
  requireInstalled(vm);
  const forward = vm.power?.forward;
  if (!forward) throw new Refusal(404, 'SSH_NOT_CONFIGURED', 'SSH port not configured for this VM');
  return { host: '127.0.0.1', port: forward.port, status: forward.listening ? 'ready' : 'unavailable' };
}

/**
 * Enables forwarding, or returns what is enabled already. Holds the VM's gate while it waits, first for the automatic
 * setup and then for a search of its own. Throws 409 SSH_ENABLE_FAILED without an address, 503 without a free port.
 */
export function enableSsh(world: AgentWorld, id: string, signal: AbortSignal): Promise<SshInfo> {
  return world.gate.holding(id, 'enableSSHForwarding', async () => {
    const vm = vmById(world, id);
    const power = vm.power;
    if (vm.state !== 'running' || !power) throw invalidState('VM must be running to enable SSH forwarding');
    await power.network.done;
    if (!power.forward?.listening && !(await findAddress(world, vm, power, signal))) {
      const message = 'VM has no NAT IP address, wait for the VM to fully boot and retry';
      throw new Refusal(409, 'SSH_ENABLE_FAILED', message);
    }
    const forward = power.forward?.listening
      ? power.forward
      : await openForward(world, vm, power, world.life.end.signal);
    return { host: '127.0.0.1', port: forward.port, status: 'ready' };
  });
}

/** Disables forwarding: the automatic setup does not run again. Cuts the open connections. Idempotent. */
export function disableSsh(world: AgentWorld, id: string): Promise<SshInfo> {
  return world.gate.holding(id, 'disableSSHForwarding', async () => {
    const vm = vmById(world, id);
    requireInstalled(vm);
    vm.power?.network.cancel.abort();
    await vm.power?.network.done;
    await closeForward(world, vm);
    return { host: '127.0.0.1', status: 'disabled' };
  });
}

/** The automatic setup after power-on: one search for the address, then the forwarding. Never repeated. */
export async function setUpNetwork(world: AgentWorld, vm: Vm, power: Power, life: AbortSignal) {
  const signal = AbortSignal.any([power.off.signal, power.network.cancel.signal, life]);
  try {
    const found = await findAddress(world, vm, power, signal);
    if (found && world.options.autoEnableSshForwarding) await openForward(world, vm, power, life, signal);
  } catch (error) {
    // Without a free port the agent only publishes the failure; the VM runs on without forwarding.
    if (!signal.aborted) world.events.publish('ERROR_OCCURRED', vm.id, { error: String(error) });
  }
}

/** Releases the VM's port, if it has one. */
export async function closeForward(world: AgentWorld, vm: Vm, power: Power | null = vm.power) {
  const forward = power?.forward;
  if (!power || !forward) return;
  power.forward = null;
  await forward.close();
  world.portsInUse.delete(forward.port);
  world.events.publish('SSH_PORT_RELEASED', vm.id);
}

async function openForward(
  world: AgentWorld,
  vm: Vm,
  power: Power,
  life: AbortSignal,
  wanted: AbortSignal = power.off.signal,
): Promise<PortForward> {
  await closeForward(world, vm, power);
  const asked = freePort(world);
  const { guest } = power;
  const target = () => (guest && world.clock.now() >= power.sshUpAt ? guest.port : null);
  world.portsInUse.add(asked);
  let forward: PortForward;
  try {
    forward = await world.hypervisor.forward(asked, target);
  } catch (error) {
    throw new Refusal(500, 'SSH_ENABLE_FAILED', `SSH forwarding failed: port ${asked}: ${String(error)}`);
  } finally {
    world.portsInUse.delete(asked);
  }
  if (wanted.aborted || power.off.signal.aborted || life.aborted) {
    await forward.close();
    throw invalidState('VM must be running to enable SSH forwarding');
  }
  world.portsInUse.add(forward.port);
  power.forward = forward;
  world.events.publish('SSH_PORT_ASSIGNED', vm.id, { port: String(forward.port) });
  announceBanner(world, vm, power, forward, life);
  return forward;
}

/** Publishes SSH_READY when the guest's banner was seen through the port, once for each time it is enabled. */
function announceBanner(world: AgentWorld, vm: Vm, power: Power, forward: PortForward, life: AbortSignal) {
  const { bannerMs = 0 } = power.plan;
  if (!Number.isFinite(power.sshUpAt) || bannerMs > BANNER_PATIENCE) return;
  const signal = AbortSignal.any([power.off.signal, life]);
  const announced = world.clock.sleepUntil(power.sshUpAt + bannerMs, signal).then(() => {
    if (power.forward === forward) world.events.publish('SSH_READY', vm.id);
  });
  void inBackground(announced, signal);
}

/**
 * The lowest free port of the range, 0 when the operating system chooses. Throws 503 when no port is free.
 */
function freePort(world: AgentWorld): number {
  const { sshPorts } = world.options;
  if (sshPorts === 'any') return 0;
  for (let port = sshPorts.start; port <= sshPorts.end; port += 1) {
    if (!world.portsInUse.has(port)) return port;
  }
  throw new Refusal(503, 'SSH_ENABLE_FAILED', 'No available SSH ports in configured range');
}

function requireInstalled(vm: Vm): void {
  if (vm.state === 'created' || vm.state === 'installing') {
    throw invalidState('VM must be installed before SSH can be used');
  }
}
