import { z } from 'zod';
import { draw } from '../../latency.ts';
import { type AgentWorld, operationFault, spend, vmById } from '../agent-world.ts';
import { type BootPlan, bootPlanSchema } from '../boot-plan.ts';
import { closeForward, setUpNetwork } from '../network/ssh-forwarding.ts';
import { closeVnc } from '../network/vnc-forwarding.ts';
import { invalidState, Refusal } from '../refusal.ts';
import { type Power, SLOT_STATES, type Vm, type VmState } from './vm.ts';
import { forceState, move, slotsInUse } from './vm-state.ts';

/** The `body` of a fault on `mac start <VM name>`. */
const startFaultSchema = z.strictObject({
  /** The started runtime stays alive, so the slot is taken until the VM is stopped or deleted. */
  hasRuntime: z.boolean().default(false),
});

/**
 * Powers a VM on and resolves once the virtual hardware runs, which is long before macOS has booted. Does
 * nothing when the VM already runs. Throws 409 INVALID_STATE, 409 VM_LIMIT_REACHED (the VM stays as it is),
 * or 500 START_FAILED, after which the VM is in `error`.
 */
export function startVm(world: AgentWorld, id: string, life: AbortSignal): Promise<Vm> {
  return world.gate.holding(id, 'start', async () => {
    const vm = vmById(world, id);
    if (vm.state === 'running') return vm;
    if (vm.state === 'paused') throw invalidState('VM is paused; use the resume endpoint');
    if (vm.state !== 'stopped' && vm.state !== 'created') {
      throw invalidState(`Cannot start VM from its current state: ${vm.state}`);
    }
    reserveSlot(world, 'start');
    if (vm.state === 'created') throw invalidState('VM must be installed before it can start');
    // From this line on the state itself reserves the slot.
    move(world, vm, 'starting');
    const fault = await operationFault(world, 'start', vm.name, life);
    await spend(world, world.options.latencies.start, life);
    const failed = new Refusal(
      fault?.status ?? 500,
      fault?.code ?? 'START_FAILED',
      fault?.message ?? 'Start failed',
    );
    if (fault && fault.drop !== 'after') {
      vm.hasRuntime = startFaultSchema.parse(fault.body ?? {}).hasRuntime;
      fail(world, vm, failed.message);
      throw failed;
    }
    await powerOn(world, vm, life, 'START_FAILED');
    if (fault) throw failed;
    return vm;
  });
}

/** Throws 409 VM_LIMIT_REACHED on a full host. The state that the caller sets next holds the slot. */
export function reserveSlot(world: AgentWorld, operation: string): void {
  const { slots } = world.options;
  const active = slotsInUse(world);
  if (active < slots) return;
  const message = `Cannot ${operation} VM - ${active} VMs already active (max ${slots})`;
  throw new Refusal(409, 'VM_LIMIT_REACHED', message);
}

/**
 * Cuts the power. In `stopped` it only waits until a booted ephemeral VM has deleted itself; a VM in `error`
 * goes back to `stopped`. A booted ephemeral VM is returned as `stopped` and deletes itself afterwards.
 * Throws 409 INVALID_STATE in every other state.
 */
export async function stopVm(world: AgentWorld, id: string, life: AbortSignal): Promise<Vm> {
  let wasStopped = false;
  const stopped = await world.gate.holding(id, 'stop', async () => {
    const vm = vmById(world, id);
    wasStopped = vm.state === 'stopped';
    if (wasStopped) return vm;
    if (!['running', 'paused', 'error'].includes(vm.state)) {
      throw invalidState(`Cannot stop VM from its current state: ${vm.state}`);
    }
    const fault = await operationFault(world, 'stop', vm.name, life);
    if (fault && fault.drop !== 'after') {
      throw new Refusal(fault.status ?? 500, fault.code ?? 'STOP_FAILED', fault.message ?? 'Stop failed');
    }
    await hardStop(world, vm, life);
    return vm;
  });
  if (wasStopped) await stopped.removed;
  return stopped;
}

/** The power cut used by stop and by expiry; the caller holds the VM's gate. */
export async function hardStop(world: AgentWorld, vm: Vm, life: AbortSignal): Promise<void> {
  if (vm.state === 'running' || vm.state === 'paused') move(world, vm, 'stopping');
  await cutPower(world, vm, life);
}

/**
 * The power cut of `force`, in any state: the VM goes to `stopped` without `stopping` in between, except one
 * that was saved as `paused`. Does nothing for a VM that is at rest. The caller holds the VM's gate.
 */
export async function forceStop(world: AgentWorld, vm: Vm, life: AbortSignal): Promise<void> {
  if (!SLOT_STATES.includes(vm.state) && vm.state !== 'error') return;
  if (vm.state === 'paused' && vm.power === null) move(world, vm, 'stopping');
  await cutPower(world, vm, life);
}

async function cutPower(world: AgentWorld, vm: Vm, life: AbortSignal): Promise<void> {
  await spend(world, world.options.latencies.stop, life);
  await powerOff(world, vm, () => {
    if (!life.aborted && vm.state !== 'stopped') forceState(world, vm, 'stopped');
  });
  life.throwIfAborted();
}

/**
 * Removes everything that exists only while the hardware runs. Idempotent. `settle` sets the state once the
 * guest is gone, before the ports are released: the agent releases them in reaction to its own VM_STOPPED.
 */
export async function powerOff(
  world: AgentWorld,
  vm: Vm,
  settle: () => void = () => undefined,
): Promise<void> {
  const power = vm.power;
  vm.power = null;
  if (power) vm.unplugged = unplug(world, vm, power, settle);
  await vm.unplugged;
  // The hardware may have been off already.
  settle();
}

async function unplug(world: AgentWorld, vm: Vm, power: Power, settle: () => void): Promise<void> {
  power.off.abort(new Error(`VM ${vm.name} was powered off`));
  await power.guest?.stop();
  settle();
  if (power.isGuiOpen) world.events.publish('GUI_CLOSED', vm.id);
  await releaseNetwork(world, vm, power);
}

/**
 * Ends the automatic setup, and releases the address and the ports, as the agent does for a VM that no longer
 * runs.
 */
export async function releaseNetwork(world: AgentWorld, vm: Vm, power: Power): Promise<void> {
  power.network.cancel.abort();
  await power.network.done;
  power.natIp = null;
  await closeForward(world, vm, power);
  await closeVnc(world, vm, power);
}

/** The guest ended by itself: a shutdown leads to `stopped`, a panic to `error`. Ignored unless it was running. */
export async function guestEnded(world: AgentWorld, vm: Vm, how: 'shutdown' | 'panic'): Promise<void> {
  if (vm.state !== 'running') return;
  if (how === 'shutdown') move(world, vm, 'stopping');
  else fail(world, vm, 'The virtual machine stopped unexpectedly');
  await powerOff(world, vm, () => {
    // A forced stop may have come first.
    if (liveState(vm) === 'stopping') move(world, vm, 'stopped');
  });
}

const liveState = (vm: Vm): VmState => vm.state;

/** Moves a VM to `error`. */
export function fail(world: AgentWorld, vm: Vm, message: string): void {
  move(world, vm, 'error');
  world.events.publish('ERROR_OCCURRED', vm.id, { error: message });
}

/**
 * Brings the hardware up and moves the VM to `running`; when that fails, moves it to `error` and throws 500
 * with `code`.
 */
export async function powerOn(world: AgentWorld, vm: Vm, life: AbortSignal, code: string): Promise<void> {
  const plan = bootPlanFor(world, vm);
  let guest: Awaited<ReturnType<typeof world.hypervisor.powerOn>>;
  try {
    guest = await world.hypervisor.powerOn({ id: vm.id, name: vm.name }, plan);
  } catch (error) {
    fail(world, vm, String(error));
    throw new Refusal(500, code, `Start failed: ${String(error)}`);
  }
  if (life.aborted) {
    await guest.stop();
    life.throwIfAborted();
  }
  const power = newPower(world, plan, guest);
  vm.power = power;
  vm.hasBooted = true;
  if (vm.lifetimeSeconds !== null) vm.expiresAt ??= power.since + vm.lifetimeSeconds * 1000;
  move(world, vm, 'running');
  power.network.done = setUpNetwork(world, vm, power, life);
  world.hooks.running(vm, power);
}

/** The power state at the instant of `running`, before any part of the guest is up. */
export function newPower(world: AgentWorld, plan: BootPlan, guest: Power['guest']): Power {
  const off = new AbortController();
  return { guest, plan, off, ...networkFrom(world, plan), forward: null, vnc: null, isGuiOpen: false };
}

/**
 * What begins at each `running`: the network setup, and the instants at which the guest has its address and
 * its sshd.
 */
export function networkFrom(world: AgentWorld, plan: BootPlan) {
  const since = world.clock.now();
  const { nat, sshd } = world.options.latencies;
  const after = (ms: number | 'never') => (ms === 'never' ? Number.POSITIVE_INFINITY : since + ms);
  return {
    since,
    natAt: after(plan.natMs ?? draw(world.random, nat)),
    sshUpAt: after(plan.sshdMs ?? draw(world.random, sshd)),
    network: { done: Promise.resolve(), cancel: new AbortController() },
    natIp: null,
  };
}

function bootPlanFor(world: AgentWorld, vm: Vm): BootPlan {
  const fault = world.faults.next(`guest boot ${vm.name}`);
  const ofImage = world.options.registry.boots[vm.digest ?? ''] ?? {};
  return { ...ofImage, ...(fault && bootPlanSchema.parse(fault.body ?? {})) };
}
