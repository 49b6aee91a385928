import { z } from 'zod';
import { count, instant } from '../../bounds.ts';
import type { AgedTable, AgedTableOptions } from './aged-table.ts';
import { NUMBER_KEY, numberKey, type Row } from './table.ts';

export interface ReservedNumbers {
  /** Epoch ms. */
  at: number;
  /** The last number that was reserved. */
  last: number;
}

/** The key for names made before any job; the numbers of such names are instants (epoch ms). */
const NO_JOB_KEY = numberKey(0);

/** The largest number that a name of a job has room for. */
const MOST = 999_999_999;

/**
 * What replaces numbers that cannot be read: the time in units of ten seconds. It is far above every number
 * that a job can have got, and fits into a name. It grows, so that the replacement also works a second time.
 */
const UNIT = 10_000;

/** Milliseconds: the clock may have been set back since the instants in the names that nobody knows any more. */
const YEAR = 365 * 86_400_000;

export const NAME_ROWS: AgedTableOptions<ReservedNumbers> = {
  keys: NUMBER_KEY,
  schema: z.object({ at: instant, last: count.max(999_999_999_999_999) }),
  fits: (key, { last }) => key === NO_JOB_KEY || last <= MOST,
  instead: ({ key }: Row, now) => ({
    at: now,
    last: key === NO_JOB_KEY ? now + YEAR : Math.floor(now / UNIT),
  }),
  means: 'The next names of that job get numbers above any that it can have used.',
};

/**
 * The numbers in the names of each job id's VMs and runners. They have to outlive every record that may be
 * lost, since otherwise a name would be used again while another VM has it (law 2).
 */
export class NameNumbers {
  readonly #table: AgedTable<ReservedNumbers>;
  readonly #above: number;
  readonly #last = new Map<string, number>();

  /**
   * `above`: numbers up to this one are taken, even when the table does not say so. The rows of a database may
   * be older than the names in use, because it was restored from a backup.
   */
  constructor(table: AgedTable<ReservedNumbers>, above = 0) {
    this.#table = table;
    this.#above = above;
  }

  async load(now: number): Promise<void> {
    await this.#table.load(now, (key, { last }) => this.#last.set(key, last));
  }

  /** The last number that was reserved for a job id, or that may have been; 0 when none was. */
  lastOf(jobId: number): number {
    const key = numberKey(jobId);
    return Math.max(this.#above, this.#table.has(key) ? (this.#last.get(key) ?? 0) : 0);
  }

  /** From now on, no number up to this one is used again. */
  put(jobId: number, last: number, at: number): void {
    const key = numberKey(jobId);
    this.#table.put(key, { at, last });
    this.#last.set(key, last);
  }

  /** Removes from memory what was pruned. */
  forgetPruned(): void {
    for (const key of this.#last.keys()) if (!this.#table.has(key)) this.#last.delete(key);
  }
}
