import type { Logger } from 'pino';
import type { JobContext } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { withGuest } from '../effects/guest/with-guest.ts';
import { redactForeign } from '../redact.ts';
import type { Store } from '../store/store.ts';
import type { KeptEvidence } from '../store/tables/evidence.ts';

/**
 * Milliseconds for which a deletion waits for the evidence: a guest that does not respond must not hold its
 * slot.
 */
const SAVE_TIMEOUT = 8_000;
const MAX_SCREEN_BYTES = 700 * 1024;
const MAX_AGENT_EVENTS = 100;

export interface EvidenceRecorderOptions {
  world: EffectWorld;
  store: Store;
  clock: Clock;
  log: Logger;
  secrets: readonly string[];
  hostLook(host: string): unknown;
  /** The recorder of the earlier config: it finishes what it saves, and deletions wait for it. */
  before?: EvidenceRecorder | null;
}

/**
 * When an attempt fails, saves what only its VM has, after the decision to give up the attempt and before the
 * VM is deleted.
 */
export class EvidenceRecorder {
  readonly #options: Omit<EvidenceRecorderOptions, 'before'>;
  readonly #underWay: Map<string, Promise<void>>;

  constructor({ before = null, ...options }: EvidenceRecorderOptions) {
    this.#options = options;
    this.#underWay = before ? before.#underWay : new Map();
  }

  /** Begins to save. The deletion of the VM waits for `saved`. */
  begin({ job, vm, runner }: JobContext, attempt: number): void {
    if (vm === null || this.#underWay.has(vm.name)) return;
    const saving = this.#save(job, vm, runner?.name ?? null, attempt)
      .catch((error: unknown) => {
        this.#options.log.warn({ job: job.id, err: error }, `the evidence of ${vm.name} could not be saved`);
      })
      .finally(() => this.#underWay.delete(vm.name));
    this.#underWay.set(vm.name, saving);
  }

  /** Resolves when no save from the VM is under way; never rejects. */
  async saved(vmName: string): Promise<void> {
    await this.#underWay.get(vmName);
  }

  async #save(
    job: JobContext['job'],
    vm: NonNullable<JobContext['vm']>,
    runner: string | null,
    attempt: number,
  ): Promise<void> {
    const { world, store, clock, secrets, hostLook } = this.#options;
    const signal = AbortSignal.timeout(SAVE_TIMEOUT);
    const missing: string[] = [];
    const tried = async <T>(what: string, get: () => Promise<T>): Promise<T | null> => {
      try {
        return await get();
      } catch (error) {
        const why = signal.aborted
          ? 'it took too long'
          : error instanceof Error
            ? error.message
            : String(error);
        missing.push(redactForeign(`${what}: ${why}`, secrets));
        return null;
      }
    };
    const { id, address } = vm;
    const [events, screen, logs] = await Promise.all([
      id === null ? null : tried("the agent's events", async () => this.#events(vm.host, id, signal)),
      id === null ? null : tried("the guest's screen", async () => this.#screen(vm.host, id, signal)),
      id === null || address === null || runner === null
        ? null
        : tried("the runner's logs", () =>
            withGuest(world, { host: vm.host, vmId: id, hostKey: vm.hostKey }, signal, (guest) =>
              guest.logs(runner),
            ),
          ),
    ]);
    if (id === null) missing.push('the VM had no id yet: no events, no screen');
    if (address === null || runner === null) missing.push('no runner was in the VM yet: no logs');
    const kept: KeptEvidence = {
      jobId: job.id,
      attempt,
      at: clock.now(),
      vmName: vm.name,
      host: vm.host,
      agentEvents: (events ?? []).map((event) => JSON.parse(redactForeign(JSON.stringify(event), secrets))),
      screen,
      logs: Object.fromEntries(
        Object.entries(logs ?? {}).map(([name, text]) => [name, redactForeign(text, secrets)]),
      ),
      hostLook: hostLook(vm.host),
      missing,
    };
    store.evidence.put(kept);
  }

  #events(host: string, vmId: string, signal: AbortSignal) {
    return this.#options.world.agent(host).listEvents(vmId, { limit: MAX_AGENT_EVENTS, signal });
  }

  async #screen(host: string, vmId: string, signal: AbortSignal): Promise<string> {
    const png = await this.#options.world.agent(host).screenshot(vmId, { signal });
    if (png.length > MAX_SCREEN_BYTES)
      throw new Error(`a picture of ${png.length} bytes is too large to keep`);
    return Buffer.from(png).toString('base64');
  }
}
