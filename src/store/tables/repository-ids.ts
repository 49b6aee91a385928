import { z } from 'zod';
import type { Table } from './table.ts';

const schema = z.object({ id: z.int().positive() });

/** GitHub's ids of the repositories that the config names: an id stays when its repository is renamed or moved. */
export class RepositoryIds {
  readonly #table: Table;
  readonly #ids = new Map<string, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const { key, value } of this.#table.rows()) {
      const { data } = schema.safeParse(value);
      if (data) this.#ids.set(key, data.id);
    }
  }

  /** By `owner/repository` in any case; null while it is not known. */
  of(fullName: string): number | null {
    return this.#ids.get(fullName.toLowerCase()) ?? null;
  }

  put(fullName: string, id: number): void {
    const key = fullName.toLowerCase();
    if (this.#ids.get(key) === id) return;
    this.#ids.set(key, id);
    this.#table.put(key, { id });
  }
}
