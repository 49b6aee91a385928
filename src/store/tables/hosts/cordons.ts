import { z } from 'zod';
import { cutText, instant } from '../../../bounds.ts';
import type { Table } from '../table.ts';

const schema = z.object({
  by: cutText,
  at: instant,
  until: instant.optional(),
  opens: z.literal(true).optional(),
});

/** An order that a host gets no new job. */
export interface Cordon {
  by: string;
  /** Epoch ms. */
  at: number;
  /** Epoch ms at which it ends by itself; missing when it lasts until an operator takes it back. */
  until?: number | undefined;
  /** Until its end the order means the opposite: the host gets jobs, although its maintenance window lasts. */
  opens?: true | undefined;
}

/** The orders that hosts get no new job, across restarts. Reads are answered from memory. */
export class Cordons {
  readonly #table: Table;
  readonly #cordons = new Map<string, Cordon>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(now: number): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      // A damaged cordon counts as a cordon: it can be removed later, but a job on a broken Mac cannot be
      // undone.
      const cordon = data ?? { by: 'a damaged record', at: now };
      if (!data) this.#table.setAside(row, error, cordon, `The host ${row.key} stays cordoned.`);
      this.#cordons.set(row.key, cordon);
      if (cordon.at > now) this.put(row.key, setBack(cordon, cordon.at - now));
    }
  }

  of(host: string): Cordon | null {
    return this.#cordons.get(host) ?? null;
  }

  all(): IterableIterator<[host: string, cordon: Cordon]> {
    return this.#cordons.entries();
  }

  /** Null removes the cordon. */
  put(host: string, cordon: Cordon | null): void {
    if (cordon === null) {
      this.#cordons.delete(host);
      this.#table.delete(host);
    } else {
      this.#cordons.set(host, cordon);
      this.#table.put(host, cordon);
    }
  }
}

/** The system's clock was set back since it was ordered; it would otherwise last that much longer (law 13). */
function setBack({ at, until, ...cordon }: Cordon, ms: number): Cordon {
  return { ...cordon, at: at - ms, ...(until !== undefined && { until: until - ms }) };
}
