import type { Clock } from '../../clock.ts';
import type { FaultPlan } from '../faults.ts';
import { shiftedClock } from '../shifted-clock.ts';
import type { AgentLife, AgentWorld } from './agent-world.ts';
import { EventRing } from './events.ts';
import type { Hypervisor } from './hypervisor.ts';
import { ImageStore } from './images/image-store.ts';
import { type AgentSettings, agentOptions } from './options.ts';
import { Gate } from './vms/gate.ts';
import { powerOff } from './vms/power.ts';
import { forgetVm } from './vms/removal.ts';
import { SLOT_STATES, type Vm } from './vms/vm.ts';
import { forceState } from './vms/vm-state.ts';
import { watchAtRest, watchRunning } from './vms/watch.ts';

/** How the agent's process ends: `graceful` is a quit, an update or a signal, `crash` a kill or a power loss. */
export type AgentEnd = 'graceful' | 'crash';

/** What the world needs from outside. */
export interface AgentWorldParts {
  clock: Clock;
  /** Returns numbers in [0, 1); with a seeded source, runs repeat. */
  random: () => number;
  faults: FaultPlan;
  hypervisor: Hypervisor;
  settings?: AgentSettings;
}

/** Returns a Mac without VMs and images, its agent just launched. */
export function createAgentWorld({
  clock: everybodys,
  random,
  faults,
  hypervisor,
  settings,
}: AgentWorldParts): AgentWorld {
  const options = agentOptions(settings);
  const clock = options.clockAheadBy === 0 ? everybodys : shiftedClock(everybodys, options.clockAheadBy);
  const world: AgentWorld = {
    clock,
    random,
    faults,
    hypervisor,
    options,
    vms: new Map(),
    gate: new Gate(),
    events: new EventRing(clock),
    images: new ImageStore(clock, random),
    pulls: new Map(),
    pullQueues: new Map(),
    portsInUse: new Set(),
    vncPortsInUse: new Set(),
    life: newLife(clock),
    maintenance: false,
    hooks: {
      running: (vm, power) => watchRunning(world, vm, power),
      atRest: (vm) => watchAtRest(world, vm),
    },
    vmsCreated: 0,
  };
  return world;
}

/**
 * Ends the agent's process. No guest survives it. A graceful end deletes every ephemeral VM and saves other
 * running VMs as `paused`; after a crash all stay in the records, without hardware. Call `launch` before any
 * other operation.
 */
export async function shutDown(world: AgentWorld, end: AgentEnd): Promise<void> {
  world.life.end.abort(new Error(`the agent ended (${end})`));
  world.gate.clear();
  await Promise.all([...world.vms.values()].map((vm) => powerOff(world, vm)));
  for (const vm of [...world.vms.values()]) {
    if (end === 'graceful' && vm.ephemeral) forgetVm(world, vm);
    else stopOrSave(world, vm, end);
  }
  world.events.clear();
  world.pulls.clear();
  world.pullQueues.clear();
  world.maintenance = false;
}

/**
 * Launches the agent again: finishes deletions that had begun, and deletes booted ephemeral VMs, before any
 * request can come.
 */
export function launch(world: AgentWorld): void {
  world.life = newLife(world.clock);
  for (const vm of [...world.vms.values()]) {
    if (vm.state === 'deleted' || (vm.ephemeral && vm.hasBooted)) world.vms.delete(vm.id);
  }
}

function stopOrSave(world: AgentWorld, vm: Vm, end: AgentEnd): void {
  const live = SLOT_STATES.includes(vm.state);
  const saved = end === 'graceful' && (vm.state === 'running' || vm.state === 'paused');
  if (live) forceState(world, vm, saved ? 'paused' : 'stopped');
}

function newLife(clock: Clock): AgentLife {
  return { startedAt: clock.now(), end: new AbortController() };
}
