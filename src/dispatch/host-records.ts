import type { Clock } from '../clock.ts';
import type { Cordon } from '../store/cordons.ts';
import type { Chronicle } from './chronicle.ts';
import type { HostSnapshot } from './hosts.ts';
import { statePath } from './transition-entry.ts';

/** Milliseconds after which an unchanged host is written down again: no moment is told from far away. */
const WRITTEN_AGAIN = 15 * 60_000;

export interface HostRecordsOptions {
  chronicle: Chronicle;
  clock: Clock;
  /** Whether this controller gave the name. */
  isOurs(vmName: string): boolean;
  /** Whether it is the name of one of our base VMs. */
  isBase(vmName: string): boolean;
  cordonOf(host: string): Cordon | null;
}

/** Keeps in the journal how each host looked: its health, its VMs, and whether it is cordoned. */
export class HostRecords {
  readonly #options: HostRecordsOptions;
  readonly #last = new Map<string, { text: string; at: number; state: string }>();

  constructor(options: HostRecordsOptions) {
    this.#options = options;
  }

  /** Writes an entry when the host looks different from the last one. */
  changed(name: string, { value, context }: HostSnapshot, event = 'host.looked'): void {
    const { chronicle, clock, isOurs, isBase, cordonOf } = this.#options;
    const state = statePath(value).split('.')[0] ?? '';
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
      cordon: cordonOf(name),
    };
    const text = JSON.stringify([state, detail]);
    const last = this.#last.get(name);
    const at = clock.now();
    if (last && last.text === text && at - last.at < WRITTEN_AGAIN) return;
    this.#last.set(name, { text, at, state });
    chronicle.host({
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
    });
  }
}
