import { z } from 'zod';
import { identifier } from '../../bounds.ts';
import type { Table } from './table.ts';

const schema = z.object({ id: identifier });

/** GitHub's ids of the repositories that the config names: an id stays when its repository is renamed or moved. */
export class RepositoryIds {
  readonly #table: Table;
  readonly #ids = new Map<string, number>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      if (data) this.#ids.set(row.key, data.id);
      else this.#table.setAside(row, error, null, `GitHub is asked for the id of ${row.key} again.`);
    }
  }

  /** By `owner/repository`, ignoring case; null while it is unknown. */
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
