import { z } from 'zod';
import { count } from '../../bounds.ts';
import type { Table } from './table.ts';

const schema = z.object({ ms: count });

/**
 * For how long hosts have been silent, so that a daemon which is restarted again and again finds out that one is lost.
 * What is asked of it is in memory.
 */
export class HostSilences {
  readonly #table: Table;
  readonly #silences = new Map<string, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      if (data) this.#silences.set(row.key, data.ms);
      else
        this.#table.setAside(row, error, null, `The silence of the host ${row.key} is counted from now on.`);
    }
  }

  /** Milliseconds that were watched; 0 for a host that answered last. */
  of(host: string): number {
    return this.#silences.get(host) ?? 0;
  }

  /** Does not write what is known already. */
  put(host: string, ms: number): void {
    if (ms === this.of(host)) return;
    if (ms === 0) {
      this.#silences.delete(host);
      this.#table.delete(host);
    } else {
      this.#silences.set(host, ms);
      this.#table.put(host, { ms });
    }
  }
}
