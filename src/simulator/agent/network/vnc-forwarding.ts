import { type AgentWorld, vmById } from '../agent-world.ts';
import { invalidState, Refusal } from '../refusal.ts';
import type { Power, Vm } from '../vms/vm.ts';
import { findAddress } from './guest-address.ts';

/** The agent's own range: one port for each of its two slots. */
export const VNC_PORTS = { start: 5901, end: 5902 } as const;

/** What the VNC routes return; without a port when forwarding is disabled. */
export interface VncInfo {
  host: '127.0.0.1';
  port?: number;
  status: 'ready' | 'unavailable' | 'disabled';
}

/** Reads the forwarding. Throws 409 before installation and 404 VNC_NOT_CONFIGURED while there is no port. */
export function vncInfo(world: AgentWorld, id: string): VncInfo {
  const vm = vmById(world, id);
  requireInstalled(vm, 'used');
  const vnc = vm.power?.vnc;
  if (!vnc) throw new Refusal(404, 'VNC_NOT_CONFIGURED', 'VNC forwarding not enabled for this VM');
  return { host: '127.0.0.1', port: vnc.port, status: vnc.listening ? 'ready' : 'unavailable' };
}

/**
 * Enables forwarding, or returns what is enabled already; never automatic. No simulated guest shares its screen, so the
 * port accepts connections and stays silent. Throws 409 VNC_ENABLE_FAILED without an address, 503 without a free port.
 */
export function enableVnc(world: AgentWorld, id: string, signal: AbortSignal): Promise<VncInfo> {
  return world.gate.holding(id, 'enableVNCForwarding', async () => {
    const vm = vmById(world, id);
    const power = vm.power;
    if (vm.state !== 'running' || !power) throw invalidState('VM must be running to enable VNC forwarding');
    if (!power.vnc?.listening) {
      await closeVnc(world, vm, power);
      if (!(await findAddress(world, vm, power, signal))) {
        const message = 'VM has no NAT IP address, cannot set up VNC forwarding';
        throw new Refusal(409, 'VNC_ENABLE_FAILED', message);
      }
      await openVnc(world, vm, power);
    }
    return vncInfo(world, id);
  });
}

/** Disables forwarding and cuts the open connections. Idempotent. */
export function disableVnc(world: AgentWorld, id: string): Promise<VncInfo> {
  return world.gate.holding(id, 'disableVNCForwarding', async () => {
    const vm = vmById(world, id);
    requireInstalled(vm, 'managed');
    if (vm.power) await closeVnc(world, vm, vm.power);
    return { host: '127.0.0.1', status: 'disabled' };
  });
}

/** Releases the VM's VNC port, if it has one. */
export async function closeVnc(world: AgentWorld, vm: Vm, power: Power): Promise<void> {
  const { vnc } = power;
  if (!vnc) return;
  power.vnc = null;
  await vnc.close();
  world.vncPortsInUse.delete(vnc.port);
  world.events.publish('VNC_PORT_RELEASED', vm.id);
}

async function openVnc(world: AgentWorld, vm: Vm, power: Power): Promise<void> {
  const asked = freePort(world);
  world.vncPortsInUse.add(asked);
  try {
    const vnc = await world.hypervisor.forward(asked, () => null);
    if (power.off.signal.aborted) {
      await vnc.close();
      throw invalidState('VM must be running to enable VNC forwarding');
    }
    power.vnc = vnc;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(500, 'VNC_ENABLE_FAILED', `VNC forwarding failed: port ${asked}: ${String(error)}`);
  } finally {
    world.vncPortsInUse.delete(asked);
  }
  world.vncPortsInUse.add(power.vnc.port);
  world.events.publish('VNC_PORT_ASSIGNED', vm.id, { port: String(power.vnc.port) });
}

/**
 * The lowest free port of the range, 0 when the operating system chooses. Throws 503 when no port is free.
 */
function freePort(world: AgentWorld): number {
  if (world.options.sshPorts === 'any') return 0;
  for (let port: number = VNC_PORTS.start; port <= VNC_PORTS.end; port += 1) {
    if (!world.vncPortsInUse.has(port)) return port;
  }
  throw new Refusal(503, 'VNC_ENABLE_FAILED', 'No available VNC ports in configured range');
}

function requireInstalled(vm: Vm, purpose: 'used' | 'managed'): void {
  if (vm.state === 'created' || vm.state === 'installing') {
    throw invalidState(`VM must be installed before VNC can be ${purpose}`);
  }
}
