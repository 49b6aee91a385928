import type { BootPlan } from '../boot-plan.ts';
import type { Guest, PortForward } from '../hypervisor.ts';
import { timestamp } from '../identifiers.ts';
import type { Resources } from '../options.ts';

export type VmState =
  | 'created'
  | 'installing'
  | 'stopped'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'error'
  | 'deleted';

/** States that use one of the host's slots. */
export const SLOT_STATES: readonly VmState[] = [
  'installing',
  'starting',
  'running',
  'stopping',
  'pausing',
  'paused',
  'resuming',
];

/** What exists only while the virtual hardware runs. */
export interface Power {
  /** Null for a VM that another tool runs: nothing responds in it. */
  guest: Guest | null;
  plan: BootPlan;
  /** Instant since which it is `running`; a resume sets it again. */
  since: number;
  /** Instants at which the guest gets its address and its sshd; infinite when it never does. */
  natAt: number;
  sshUpAt: number;
  /** Aborted at power-off. */
  off: AbortController;
  /** The agent's automatic search for the address and the forwarding after it; disabling SSH cancels it. */
  network: { done: Promise<void>; cancel: AbortController };
  natIp: string | null;
  forward: PortForward | null;
  vnc: PortForward | null;
  /** A window shows the VM's screen. */
  isGuiOpen: boolean;
}

export interface Vm {
  readonly id: string;
  name: string;
  state: VmState;
  readonly ephemeral: boolean;
  resources: Resources;
  /** The digest of the image that its disk was copied from, directly or by a clone; null for another origin. */
  readonly digest: string | null;
  readonly macAddress: string;
  readonly lifetimeSeconds: number | null;
  /** Epoch ms; set by the first `running`. */
  expiresAt: number | null;
  readonly createdAt: number;
  updatedAt: number;
  /** Has been `running` at least once: only then does an ephemeral VM delete itself. */
  hasBooted: boolean;
  power: Power | null;
  /** Its runtime is still alive after a failure: in `error` the VM uses a slot that no list shows. */
  hasRuntime: boolean;
  /** Resolves when a booted ephemeral VM at rest has deleted itself, or has given up. */
  removed: Promise<void>;
  /** Resolves when the last power-off has removed everything. */
  unplugged: Promise<void>;
  /** States as the persisted record got them, each with the instant from which readers see it. */
  persisted: { state: VmState; from: number }[];
}

/** The state in the persisted record: it may be older than the live one. */
export function persistedState(vm: Vm, now: number): VmState {
  return vm.persisted.findLast((entry) => entry.from <= now)?.state ?? vm.state;
}

/** Seconds of `running`, null in every other state. */
export function uptimeOf(vm: Vm, now: number): number | null {
  return vm.state === 'running' && vm.power ? Math.floor((now - vm.power.since) / 1000) : null;
}

/** The VM as the agent's API shows it: some unset fields are null, those of the network are left out. */
export function vmResponse(vm: Vm, now: number, state: VmState = vm.state) {
  const sshPort = vm.power?.forward?.port;
  const vncPort = vm.power?.vnc?.port;
  const natIP = vm.power?.natIp ?? undefined;
  return {
    id: vm.id,
    name: vm.name,
    state,
    ephemeral: vm.ephemeral,
    resources: { ...vm.resources },
    network: {
      macAddress: vm.macAddress,
      ...(sshPort === undefined ? {} : { sshPort }),
      ...(vncPort === undefined ? {} : { vncPort }),
      ...(natIP === undefined ? {} : { natIP }),
    },
    guiOpen: vm.power?.isGuiOpen ?? false,
    uptime: state === 'running' ? uptimeOf(vm, now) : null,
    lifetimeSeconds: vm.lifetimeSeconds,
    expiresAt: vm.expiresAt === null ? null : timestamp(vm.expiresAt),
    createdAt: timestamp(vm.createdAt),
    updatedAt: timestamp(vm.updatedAt),
  };
}
