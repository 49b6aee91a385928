import type { Latency } from '../latency.ts';
import type { BootPlan } from './boot-plan.ts';

/** How long each thing takes; milliseconds. The defaults are short; a real Mac needs seconds to minutes. */
export interface Latencies {
  /** Asking the registry which digest a tag has. */
  resolve: Latency;
  pull: Latency;
  /** Copying an image's or a VM's bundle. */
  clone: Latency;
  /** Growing the disk of an installed VM. */
  resize: Latency;
  start: Latency;
  stop: Latency;
  /** A pause, and a resume. */
  pause: Latency;
  delete: Latency;
  /** From `running` to the guest's address in the ARP table. */
  nat: Latency;
  /** From `running` to sshd accepting logins. */
  sshd: Latency;
  /** From the end of an ephemeral VM to its own deletion. */
  autoDelete: Latency;
  autoDeleteRetry: number;
  /** Between tries to stop an expired VM that an operation holds. */
  expiryRetry: number;
  /** How long one search for the guest's address goes on before it gives up (the real agent: about 71 s). */
  natSearch: number;
  /** How much later `GET /vms/{id}` shows a state than `GET /vms/{id}/state`. */
  persistence: number;
}

export const FEATURES = [
  'macOSVirtualization',
  'macOSInstallation',
  'natNetworking',
  'portForwarding',
  'commandExecution',
  'guiDisplay',
  'screenshotCapture',
  'keystrokeInjection',
  'jeballtofileExecution',
  'ociImagePackaging',
] as const;
export type FeatureId = (typeof FEATURES)[number];

export interface Resources {
  cpuCount: number;
  /** Bytes. */
  memorySize: number;
  /** Bytes. */
  diskSize: number;
}

/** What the simulated registries offer. */
export interface RegistryOptions {
  /** Put before references that name no registry; null refuses them. */
  defaultRegistry: string | null;
  /** Hosts that do not respond. */
  unreachable: readonly string[];
  /** Normalised references of images that the registry shows only with other rights. */
  denied: readonly string[];
  /**
   * By normalised reference. An image that is not listed exists too, unless `onlyListed`. Another digest for
   * a reference simulates a tag that moves.
   */
  images: Record<string, { resources?: Resources; bytes?: number; digest?: string }>;
  onlyListed: boolean;
  /** How each boot goes of a VM whose disk has a digest: a broken image. */
  boots: Record<string, BootPlan>;
}

export interface AgentOptions {
  version: string;
  /** VMs that may use a slot at once; the agent's own constant is 2. */
  slots: number;
  host: { macOSVersion: string; cpus: number; memorySize: number };
  latencies: Latencies;
  autoEnableSshForwarding: boolean;
  /** `any` takes ports from the operating system, so that many simulated Macs fit on one machine. */
  sshPorts: 'any' | { start: number; end: number };
  /** Capabilities that the host reports as unavailable. */
  unavailableFeatures: readonly FeatureId[];
  /** Whether a VM in `error` still holds its slot (the real agent: when its runtime is alive). */
  errorHoldsSlot: boolean;
  /** Milliseconds by which the Mac's clock is ahead of everyone else's; negative when it is behind. */
  clockAheadBy: number;
  registry: RegistryOptions;
}

export const GIB = 1024 ** 3;

const DEFAULTS: AgentOptions = {
  version: '1.0.0-beta.1',
  slots: 2,
  host: { macOSVersion: '26.3', cpus: 12, memorySize: 32 * GIB },
  latencies: {
    resolve: 5,
    pull: 200,
    clone: 60,
    resize: 40,
    start: [60, 120],
    stop: 20,
    pause: 20,
    delete: 40,
    nat: [30, 90],
    sshd: [100, 250],
    autoDelete: 30,
    autoDeleteRetry: 250,
    expiryRetry: 100,
    natSearch: 3_000,
    persistence: 0,
  },
  autoEnableSshForwarding: true,
  sshPorts: 'any',
  unavailableFeatures: [],
  errorHoldsSlot: false,
  clockAheadBy: 0,
  registry: { defaultRegistry: null, unreachable: [], denied: [], images: {}, onlyListed: false, boots: {} },
};

/** What a caller may set; the rest keeps its default. */
export type AgentSettings = Partial<
  Omit<AgentOptions, 'latencies' | 'host' | 'registry'> & {
    latencies: Partial<Latencies>;
    host: Partial<AgentOptions['host']>;
    registry: Partial<RegistryOptions>;
  }
>;

/** Fills in the defaults. */
export function agentOptions(settings: AgentSettings = {}): AgentOptions {
  return {
    ...DEFAULTS,
    ...settings,
    host: { ...DEFAULTS.host, ...settings.host },
    latencies: { ...DEFAULTS.latencies, ...settings.latencies },
    // A copy, so that a moved tag moves only in this world.
    registry: {
      ...DEFAULTS.registry,
      ...settings.registry,
      images: { ...settings.registry?.images },
      boots: { ...settings.registry?.boots },
    },
  };
}
