import { z } from 'zod';
import type { AgedTable } from './aged-table.ts';
import { numberKey } from './table.ts';

export interface ReservedNumbers {
  /** Epoch ms. */
  at: number;
  /** The last number that was reserved. */
  last: number;
}

const schema = z.object({ last: z.number().int().nonnegative() });

/**
 * The numbers that were given to the names of each job id's VMs and runners: what names are made of must outlive every
 * record that may be lost, or a name would come back while another VM bears it (law 2).
 */
export class NameNumbers {
  readonly #table: AgedTable<ReservedNumbers>;
  readonly #last = new Map<string, number>();

  constructor(table: AgedTable<ReservedNumbers>) {
    this.#table = table;
  }

  async load(now: number): Promise<void> {
    await this.#table.load(now, ({ key, value }) => {
      const { data } = schema.safeParse(value);
      if (data) this.#last.set(key, data.last);
    });
  }

  /** The last number that was reserved for a job id; 0 when none was. */
  lastOf(jobId: number): number {
    const key = numberKey(jobId);
    return this.#table.has(key) ? (this.#last.get(key) ?? 0) : 0;
  }

  /** No number up to this one is given from now on. */
  put(jobId: number, last: number, at: number): void {
    const key = numberKey(jobId);
    this.#table.put(key, { at, last });
    this.#last.set(key, last);
  }

  /** What was pruned is held in memory no longer. */
  forgetPruned(): void {
    for (const key of this.#last.keys()) if (!this.#table.has(key)) this.#last.delete(key);
  }
}
