import { z } from 'zod';
import { count } from '../../../bounds.ts';
import type { Table } from '../table.ts';

const schema = z.object({ ms: count });

/**
 * How long hosts have been silent, so that a daemon that restarts again and again still finds out that a host
 * is lost. Reads are answered from memory.
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

  /** Milliseconds of observed silence; 0 for a host that responded at the last look. */
  of(host: string): number {
    return this.#silences.get(host) ?? 0;
  }

  /** Skips the write when the value is the same as before. */
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
