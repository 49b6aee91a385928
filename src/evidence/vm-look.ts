import type { JobContext } from '../../machines/job/context.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { withGuest } from '../effects/guest/with-guest.ts';
import { DaemonError } from '../errors.ts';
import { span } from '../format.js';
import type { JobActors } from '../jobs/job-actors.ts';
import { redactForeign } from '../redact.ts';

/** Milliseconds; a person waits for the answer. */
const LOOK_TIMEOUT = 10_000;

/** The last lines of a runner's log. */
export interface RunnerLogEnd {
  vmName: string;
  runnerName: string;
  text: string;
}

/**
 * Looks into the VM of a live job because a person asks: nothing of it is stored, neither in the journal nor as
 * evidence.
 */
export class VmLook {
  readonly #world: EffectWorld;
  readonly #actors: Pick<JobActors, 'holderOfJob' | 'snapshotOf'>;
  readonly #secrets: readonly string[];

  constructor(
    world: EffectWorld,
    actors: Pick<JobActors, 'holderOfJob' | 'snapshotOf'>,
    secrets: readonly string[],
  ) {
    this.#world = world;
    this.#actors = actors;
    this.#secrets = secrets;
  }

  /**
   * The end of what the job's runner has printed, without known secrets and what looks like a credential; null
   * when the job has no runner in a VM. Rejects with a GUEST_* or HOST_* failure.
   */
  async log(jobId: number): Promise<RunnerLogEnd | null> {
    const { vm, runner } = this.#contextOf(jobId) ?? {};
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
    const { vm } = this.#contextOf(jobId) ?? {};
    if (!vm?.id) return null;
    const { id, host } = vm;
    return within('host', (signal) => this.#world.agent(host).screenshot(id, { signal }));
  }

  #contextOf(jobId: number): JobContext | null {
    const holder = this.#actors.holderOfJob(jobId);
    return holder && (this.#actors.snapshotOf(holder.key)?.context ?? null);
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
