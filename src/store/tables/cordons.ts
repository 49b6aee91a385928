import type { Table } from './table.ts';

/** An operator has ordered that a host gets no new job. */
export interface Cordon {
  by: string;
  /** Epoch ms. */
  at: number;
}

/** The cordoned hosts, across restarts. What is asked of it is in memory. */
export class Cordons {
  readonly #table: Table;
  readonly #cordons = new Map<string, Cordon>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const { key, value } of this.#table.rows()) {
      // A damaged cordon counts: it can be removed, and a job on a broken Mac cannot be taken back.
      this.#cordons.set(key, (value as Cordon | undefined) ?? { by: 'a damaged record', at: 0 });
    }
  }

  of(host: string): Cordon | null {
    return this.#cordons.get(host) ?? null;
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
