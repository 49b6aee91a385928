import { z } from 'zod';
import type { JobContext, RunnerScope } from '../../../machines/job/context.ts';
import { exactText, instant } from '../../bounds.ts';
import type { AgedTable, AgedTableOptions } from './aged-table.ts';

/** What may remain of a record that ended before its VM and runner were removed. */
export interface Leftover {
  /** Epoch ms at which the record ended. */
  at: number;
  /** The VM and its host; null when none was made. */
  vm: { host: string; name: string } | null;
  /** The runner and where it is registered; null when there was none. */
  runner: { scope: RunnerScope; name: string } | null;
}

/**
 * Returns what may remain when a record ends: VM and runner when an operator ended the record, the runner when GitHub
 * refused its removal for too long. Null when nothing may remain.
 */
export function leftoverOf(
  { vm, runner, failure }: JobContext,
  at: number,
): { key: string; leftover: Leftover } | null {
  const isForgotten = failure?.code === 'OPERATOR_FORGOT';
  const leftover: Leftover = {
    at,
    vm: isForgotten && vm ? { host: vm.host, name: vm.name } : null,
    runner: runner && (isForgotten || runner.isLeft) ? { scope: runner.scope, name: runner.name } : null,
  };
  const key = leftover.vm?.name ?? leftover.runner?.name;
  return key === undefined ? null : { key, leftover };
}

export const LEFTOVER_ROWS: AgedTableOptions<Leftover> = {
  schema: z.object({
    at: instant,
    vm: z.object({ host: exactText, name: exactText }).nullable(),
    runner: z
      .object({
        scope: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('repository'), owner: exactText, repository: exactText }),
          z.object({ kind: z.literal('organization'), owner: exactText }),
        ]),
        name: exactText,
      })
      .nullable(),
  }),
  means:
    'The VM and the runner that it named are collected only if the config still names their host and scope.',
};

/**
 * What the collector has to look for although no record and no scope of the config names it. These have this
 * daemon's own names; what another controller id left behind is listed by the command `leftovers`, and is not
 * in any store.
 */
export class Leftovers {
  readonly #table: AgedTable<Leftover>;

  constructor(table: AgedTable<Leftover>) {
    this.#table = table;
  }

  /** `key`: the VM's name, or the runner's. */
  put(key: string, leftover: Leftover): void {
    this.#table.put(key, leftover);
  }

  delete(key: string): void {
    this.#table.delete(key);
  }

  /** The committed leftovers, in the order of their keys; one that cannot be read is left out. */
  async all(): Promise<{ key: string; leftover: Leftover }[]> {
    const found = [];
    for await (const { key, value } of this.#table.rows()) found.push({ key, leftover: value });
    return found;
  }
}
