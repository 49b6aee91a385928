import type { HostSnapshot } from '../../../machines/host.ts';
import { topState } from '../../../machines/state-path.ts';
import type { Clock } from '../../clock.ts';
import type { Cordon } from '../../store/tables/hosts/cordons.ts';
import type { JournalWriter } from '../journal-writer.ts';

export interface HostEntriesOptions {
  journal: JournalWriter;
  clock: Clock;
  /** Whether this controller gave the VM its name. */
  isOurs(vmName: string): boolean;
  /** Whether this is the name of one of our base VMs. */
  isBase(vmName: string): boolean;
  cordonOf(host: string): Cordon | null;
  /** The entries of the earlier config. */
  before?: HostEntries | null;
}

/** Records in the journal how each host looked: its health, its VMs, and whether it is cordoned. */
export class HostEntries {
  readonly #options: Omit<HostEntriesOptions, 'before'>;
  readonly #last: Map<string, { text: string; state: string; health: string }>;

  constructor({ before = null, ...options }: HostEntriesOptions) {
    this.#options = options;
    this.#last = before ? before.#last : new Map();
  }

  /** The host is not in the config any more, and nothing of ours is left on it. */
  left(name: string): void {
    const { journal, clock } = this.#options;
    const actor = `host:${name}`;
    const from = this.#last.get(name)?.state ?? '';
    this.#last.delete(name);
    const where = { actor, jobId: 0, attempt: 0, host: name };
    journal.write({
      kind: 'host',
      at: clock.now(),
      ...where,
      event: 'host.left',
      from,
      to: 'removed',
      isTurn: true,
    });
    journal.forget(actor);
  }

  /** Writes an entry when the host differs from its last entry. */
  changed(name: string, { value, context }: HostSnapshot, event = 'host.looked'): void {
    const { journal, clock, isOurs, isBase, cordonOf } = this.#options;
    const state = topState(value);
    const detail = {
      slots: context.look?.slots ?? 0,
      version: context.look?.version ?? '',
      vms: (context.look?.vms ?? []).map(({ name: vm, state: is }) => ({
        name: vm,
        state: is,
        ours: isOurs(vm) || isBase(vm),
        ...(isBase(vm) && { base: true }),
      })),
      failure: context.failure?.message ?? null,
      unreachableSince: context.unreachableSince,
      restartsSeen: context.restartsSeen,
      cordon: cordonOf(name),
      maintenanceSince: context.maintenanceSince,
      proof: context.proof,
    };
    const text = JSON.stringify([state, detail]);
    const last = this.#last.get(name);
    const at = clock.now();
    if (last?.text === text) {
      journal.refresh(at);
      return;
    }
    const health = `${state}${detail.cordon ? ' cordoned' : ''}`;
    this.#last.set(name, { text, state, health });
    journal.snapshot({
      kind: 'host',
      at,
      actor: `host:${name}`,
      jobId: 0,
      attempt: 0,
      host: name,
      event,
      from: last?.state ?? '',
      to: state,
      detail,
      ...(health !== last?.health && { isTurn: true }),
    });
  }
}
