import type { Table } from './table.ts';

/** An operator's order that a host gets no new job. Outlives restarts until it is taken back. */
export interface Cordon {
  by: string;
  /** Epoch ms. */
  at: number;
}

/** Orders about hosts, by the host's name; known without waiting. */
export class Cordons {
  readonly #table: Table;
  readonly #orders = new Map<string, Cordon>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const { key, value } of this.#table.rows()) {
      // A damaged order is obeyed: it can be taken back, a job sent to a broken Mac cannot.
      this.#orders.set(key, (value as Cordon | undefined) ?? { by: 'a damaged record', at: 0 });
    }
  }

  of(host: string): Cordon | null {
    return this.#orders.get(host) ?? null;
  }

  /** Null takes the order back. */
  put(host: string, cordon: Cordon | null): void {
    if (cordon === null) {
      this.#orders.delete(host);
      this.#table.delete(host);
    } else {
      this.#orders.set(host, cordon);
      this.#table.put(host, cordon);
    }
  }
}
