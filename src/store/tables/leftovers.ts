import { z } from 'zod';
import type { RunnerScope } from '../../../machines/job/context.ts';
import type { AgedTable } from './aged-table.ts';

/** What may still be there of a record that ended before it was removed. */
export interface Leftover {
  /** Epoch ms at which the record ended. */
  at: number;
  /** The VM and its host, or null where none was made. */
  vm: { host: string; name: string } | null;
  /** The runner and where it is registered, or null where none was. */
  runner: { scope: RunnerScope; name: string } | null;
}

const text = z.string().max(1_000);
const schema = z.object({
  at: z.number(),
  vm: z.object({ host: text, name: text }).nullable(),
  runner: z
    .object({
      scope: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('repository'), owner: text, repository: text }),
        z.object({ kind: z.literal('organization'), owner: text }),
      ]),
      name: text,
    })
    .nullable(),
});

/** What the collector has to look for although no record and no scope of the config names it. */
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

  /** Committed ones, in the order of their keys; one that cannot be read is left out. */
  async all(): Promise<{ key: string; leftover: Leftover }[]> {
    const found = [];
    for await (const { key, value } of this.#table.rows()) {
      const { data } = schema.safeParse(value);
      if (data) found.push({ key, leftover: data });
    }
    return found;
  }
}
