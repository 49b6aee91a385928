import { z } from 'zod';
import { instant } from '../../../bounds.ts';
import type { Clock } from '../../../clock.ts';
import type { AgedTable, AgedTableOptions } from '../aged-table.ts';

export const NOTED_ROWS: AgedTableOptions<{ at: number }> = {
  schema: z.object({ at: instant }),
  instead: (_row, now) => ({ at: now }),
  means: 'It stays noted.',
};

/** Jobs that were logged because no label of the config matches them, and are not logged again. */
export class NotedJobs {
  readonly #table: AgedTable<{ at: number }>;
  readonly #clock: Clock;

  constructor(table: AgedTable<{ at: number }>, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** True the first time. */
  addOnce(job: number | string): boolean {
    if (this.#table.has(String(job))) return false;
    this.#table.put(String(job), { at: this.#clock.now() });
    return true;
  }
}
