import { type Clock, sleepFor } from '../../clock.ts';
import { type Fault, type FaultPlan, hang } from '../faults.ts';
import { draw, type Latency } from '../latency.ts';
import type { EventRing } from './events.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { ImageStore } from './images/image-store.ts';
import type { PullOperation } from './images/pull-operation.ts';
import type { AgentOptions } from './options.ts';
import { notFound } from './refusal.ts';
import type { Gate } from './vms/gate.ts';
import type { Power, Vm } from './vms/vm.ts';

/** The life of one process of the agent; its signal aborts everything under way in it. */
export interface AgentLife {
  readonly startedAt: number;
  readonly end: AbortController;
}

/**
 * One simulated Mac: its VMs, images, events and the rules between them, without HTTP. Time, chance,
 * processes and sockets are passed in, so the same world runs on the wall clock behind a server or on virtual
 * time in process.
 *
 * Faults on `mac <operation> <name>` (start, stop, pause, resume, delete, create, clone, resize, pull) and
 * `guest boot <name>` take effect inside the Mac: `mac start *` leaves the VM in `error`, where a fault on
 * the route would leave it untouched.
 */
export interface AgentWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: AgentOptions;
  readonly faults: FaultPlan;
  readonly hypervisor: Hypervisor;
  readonly vms: Map<string, Vm>;
  readonly gate: Gate;
  readonly events: EventRing;
  readonly images: ImageStore;
  readonly pulls: Map<string, PullOperation>;
  /** The last pull of each reference: pulls of one reference go one after another. */
  readonly pullQueues: Map<string, Promise<void>>;
  /** SSH ports that are in use or being claimed. */
  readonly portsInUse: Set<number>;
  /** VNC ports that are in use or being claimed. */
  readonly vncPortsInUse: Set<number>;
  life: AgentLife;
  /** A wipe or reset is running: other changes are refused. */
  maintenance: boolean;
  /**
   * What happens automatically when a VM runs, and when it is stopped or in error; set once, where the world
   * is made.
   */
  readonly hooks: {
    running(vm: Vm, power: Power): void;
    atRest(vm: Vm): void;
  };
  /** VMs made since the world began, for the count at the end of a demonstration. */
  vmsCreated: number;
}

/** Returns the VM. Throws 404. */
export function vmById(world: AgentWorld, id: string): Vm {
  const vm = world.vms.get(id);
  if (!vm) throw notFound('VM');
  return vm;
}

/** Waits for the duration of one piece of work; rejects when `signal` aborts. */
export function spend(world: AgentWorld, latency: Latency, signal: AbortSignal): Promise<void> {
  return sleepFor(world.clock, draw(world.random, latency), signal);
}

/**
 * Returns the fault that hits one operation inside the Mac, after the fault's own delay; null when the operation may
 * succeed.
 */
export async function operationFault(
  world: AgentWorld,
  operation: string,
  name: string,
  signal: AbortSignal,
): Promise<Fault | null> {
  const fault = world.faults.next(`mac ${operation} ${name}`);
  if (fault?.delayMs) await sleepFor(world.clock, fault.delayMs, signal);
  if (fault?.hang) await hang(signal);
  const harmful =
    fault && (fault.status !== undefined || fault.code !== undefined || fault.drop !== undefined);
  return harmful ? fault : null;
}

/**
 * Runs work that nothing awaits. An abort by its signal is ignored; any other failure is an unhandled
 * rejection.
 */
export function inBackground(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return work.then(
    () => undefined,
    (error: unknown) => {
      if (!signal.aborted) throw error;
    },
  );
}
