import type { AgedTable } from './aged-table.ts';

/** Records that must not be used, kept for a person to look at. Every one stays, also when a key comes again. */
export class Quarantine {
  readonly #table: AgedTable;

  constructor(table: AgedTable) {
    this.#table = table;
  }

  put(key: string, entry: { at: number; reason: string; raw: unknown }): void {
    let n = 1;
    while (this.#table.has(`${key}#${n}`)) n += 1;
    this.#table.put(`${key}#${n}`, entry);
  }

  /** The actor's key of each record; twice for one that was put here twice. */
  keys(): string[] {
    return this.#table.keys().map((key) => key.slice(0, key.lastIndexOf('#')));
  }
}
