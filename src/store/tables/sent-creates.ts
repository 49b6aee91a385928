import { z } from 'zod';
import { instant } from '../../bounds.ts';
import type { GroupCommit } from '../group-commit.ts';
import type { AgedTable, AgedTableOptions } from './aged-table.ts';

export interface SentCreate {
  at: number;
  /** Seconds for which the server had been up; null when that is not known. Earlier versions did not write it. */
  uptime: number | null;
}

export const SENT_ROWS: AgedTableOptions<SentCreate> = {
  schema: z.object({ at: instant, uptime: z.number().nonnegative().nullable().default(null) }),
  instead: (_row, now) => ({ at: now, uptime: null }),
  means: 'It counts as sent just now, so that no second one is sent.',
};

/**
 * The names under which a create was sent whose response is not stored. A create that is not listed here was
 * never sent, so a restart does not have to wait for it.
 */
export class SentCreates {
  readonly #table: AgedTable<SentCreate>;
  readonly #commit: GroupCommit;
  /** In memory, since a read of a database that is away would fail the create that needs it. */
  readonly #uptimes = new Map<string, number | null>();

  constructor(table: AgedTable<SentCreate>, commit: GroupCommit) {
    this.#table = table;
    this.#commit = commit;
  }

  async load(now: number): Promise<void> {
    await this.#table.load(now, (name, { uptime }) => this.#uptimes.set(name, uptime));
  }

  /**
   * `at`: epoch ms right before the create is sent. `uptime`: of the server, in seconds; null when that is
   * not known.
   */
  put(name: string, at: number, uptime: number | null): void {
    this.#table.put(name, { at, uptime });
    this.#uptimes.set(name, uptime);
  }

  delete(name: string): void {
    if (this.#table.has(name)) this.#table.delete(name);
    this.#uptimes.delete(name);
  }

  /** Epoch ms right before the create was sent; null unless one was sent and its response is not known. */
  sentAt(name: string): number | null {
    return this.#table.at(name);
  }

  /**
   * Seconds for which the server had been up right before the create was sent; null when that is not known.
   */
  uptimeAtSend(name: string): number | null {
    return this.#uptimes.get(name) ?? null;
  }

  /** Removes from memory what was pruned. */
  forgetPruned(): void {
    for (const name of this.#uptimes.keys()) if (!this.#table.has(name)) this.#uptimes.delete(name);
  }

  /** Resolves when what was put is on disk. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }
}
