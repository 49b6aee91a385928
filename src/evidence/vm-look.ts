import type { Hold } from '../../machines/job/context.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { withGuest } from '../effects/guest/with-guest.ts';
import { DaemonError } from '../errors.ts';
import { span } from '../format.js';
import type { GuestAddress } from '../guest/open-guest.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { vmOfJob } from '../jobs/vm-of-job.ts';
import { redactForeign } from '../redact.ts';

type Actors = Pick<JobActors, 'held' | 'holderOfJob' | 'snapshotOf'>;

/** Milliseconds; a person waits for the answer. */
const LOOK_TIMEOUT = 10_000;

/** The last lines of a runner's log. */
export interface RunnerLogEnd {
  vmName: string;
  runnerName: string;
  text: string;
}

/** How a person gets into the VM of a job. */
export interface VmAddresses {
  vmName: string;
  host: string;
  /** Null while its guest was not reached yet. */
  ssh: (GuestAddress & { user: string; hostKey: string | null }) | null;
  /** Null while the agent does not forward its screen sharing, which it does for held VMs only. */
  vnc: GuestAddress | null;
  /** Null for a VM that is not held. */
  hold: Hold | null;
}

/**
 * Looks into the VM of a live job, or into a held VM, because a person asks. Nothing that it sees is stored, neither in
 * the journal nor as evidence.
 */
export class VmLook {
  readonly #world: EffectWorld;
  readonly #actors: Actors;
  readonly #secrets: readonly string[];

  constructor(world: EffectWorld, actors: Actors, secrets: readonly string[]) {
    this.#world = world;
    this.#actors = actors;
    this.#secrets = secrets;
  }

  /**
   * The end of what the job's runner has printed, without known secrets and what looks like a credential; null
   * when the job has no runner in a VM. Rejects with a GUEST_* or HOST_* failure.
   */
  async log(jobId: number): Promise<RunnerLogEnd | null> {
    const { vm, runner } = vmOfJob(this.#actors, jobId)?.context ?? {};
    if (!vm?.id || !vm.address || !runner) return null;
    const place = { host: vm.host, vmId: vm.id, hostKey: vm.hostKey };
    const logs = await within('guest', (signal) =>
      withGuest(this.#world, place, signal, (guest) => guest.logs(runner.name)),
    );
    const text = redactForeign(logs['runner.log'] ?? logs['config.log'] ?? '', this.#secrets);
    return { vmName: vm.name, runnerName: runner.name, text };
  }

  /** A PNG of the VM's screen; null when the job has no VM. Rejects with a HOST_* or VM_* failure. */
  async screen(jobId: number): Promise<Uint8Array | null> {
    const { vm } = vmOfJob(this.#actors, jobId)?.context ?? {};
    if (!vm?.id) return null;
    const { id, host } = vm;
    return within('host', (signal) => this.#world.agent(host).screenshot(id, { signal }));
  }

  /** Returns where a person reaches the VM, without a password; null when the job has no VM yet. */
  addresses(jobId: number): VmAddresses | null {
    const { vm, hold } = vmOfJob(this.#actors, jobId)?.context ?? {};
    if (!vm?.id) return null;
    const { name: vmName, host, address, hostKey } = vm;
    const isHeld = hold?.ended === null;
    return {
      vmName,
      host,
      ssh: address && { ...address, user: this.#world.guest.user, hostKey },
      vnc: isHeld ? hold.vnc : null,
      hold: isHeld ? hold : null,
    };
  }
}

/** An aborted call says only that it was aborted, not who was silent. */
async function within<T>(who: 'guest' | 'host', ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(LOOK_TIMEOUT);
  try {
    return await ask(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const code = who === 'guest' ? 'GUEST_UNREACHABLE' : 'HOST_UNREACHABLE';
    throw new DaemonError(code, `The ${who} did not respond within ${span(LOOK_TIMEOUT)}.`);
  }
}
