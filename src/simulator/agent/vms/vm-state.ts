import type { AgentWorld } from '../agent-world.ts';
import { newMacAddress, newUuid } from '../identifiers.ts';
import type { Resources } from '../options.ts';
import { SLOT_STATES, type Vm, type VmState } from './vm.ts';

/** The agent's state machine; a forced stop and a restart do not follow it. */
const TRANSITIONS: Record<VmState, readonly VmState[]> = {
  created: ['installing', 'starting', 'error', 'deleted'],
  installing: ['stopped', 'starting', 'error', 'deleted'],
  stopped: ['starting', 'deleted', 'error'],
  starting: ['running', 'paused', 'error'],
  running: ['stopping', 'pausing', 'error'],
  stopping: ['stopped', 'error'],
  pausing: ['paused', 'error'],
  paused: ['resuming', 'starting', 'stopping', 'error'],
  resuming: ['running', 'error'],
  error: ['created', 'stopped', 'deleted'],
  deleted: [],
};

const EVENTS: Partial<Record<VmState, string>> = {
  starting: 'VM_STARTING',
  running: 'VM_RUNNING',
  stopping: 'VM_STOPPING',
  stopped: 'VM_STOPPED',
  paused: 'VM_PAUSED',
};

/** States that are never written to the persisted record. */
const UNPERSISTED: readonly VmState[] = ['pausing', 'resuming'];

/**
 * Moves a VM by the agent's own rules, and publishes `event`, or the usual one of the new state. Throws on a
 * transition that the agent does not have, which is a bug in this simulator.
 */
export function move(world: AgentWorld, vm: Vm, to: VmState, event?: string): void {
  if (!TRANSITIONS[vm.state].includes(to))
    throw new Error(`simulated agent: no transition ${vm.state} → ${to}`);
  forceState(world, vm, to, event);
}

/** Moves a VM whatever its state is, as a restart and a failed deletion do. */
export function forceState(world: AgentWorld, vm: Vm, to: VmState, event = EVENTS[to]): void {
  const from = vm.state;
  vm.state = to;
  vm.updatedAt = world.clock.now();
  if (!UNPERSISTED.includes(to)) {
    vm.persisted.push({ state: to, from: vm.updatedAt + world.options.latencies.persistence });
    // The last few are enough for a reader who sees old states.
    if (vm.persisted.length > 8) vm.persisted.shift();
  }
  world.events.publish('STATE_CHANGED', vm.id, { from, to });
  if (event) world.events.publish(event, vm.id);
  if (to === 'stopped' || to === 'error') world.hooks.atRest(vm);
}

export interface NewVm {
  name: string;
  state: VmState;
  resources: Resources;
  ephemeral: boolean;
  lifetimeSeconds: number | null;
  digest?: string | null;
}

/** Adds a VM to the agent's records; from this instant lists show it. */
export function registerVm(world: AgentWorld, made: NewVm): Vm {
  const now = world.clock.now();
  const vm: Vm = {
    digest: null,
    ...made,
    id: newUuid(world.random),
    macAddress: newMacAddress(world.random),
    expiresAt: null,
    createdAt: now,
    updatedAt: now,
    hasBooted: false,
    power: null,
    hasRuntime: false,
    removed: Promise.resolve(),
    unplugged: Promise.resolve(),
    persisted: [{ state: made.state, from: now }],
  };
  world.vms.set(vm.id, vm);
  world.vmsCreated += 1;
  world.events.publish('VM_CREATED', vm.id, { name: vm.name });
  return vm;
}

/** All VMs in the order in which the agent lists them. */
export function listVms(world: AgentWorld): Vm[] {
  return [...world.vms.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** Slots that running, transient and paused VMs use; one in `error` only when the world or the VM says so. */
export function slotsInUse(world: AgentWorld): number {
  const { errorHoldsSlot } = world.options;
  const holds = ({ state, hasRuntime }: Vm) =>
    SLOT_STATES.includes(state) || (state === 'error' && (errorHoldsSlot || hasRuntime));
  return [...world.vms.values()].filter(holds).length;
}
