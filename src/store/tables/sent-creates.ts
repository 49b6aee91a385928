import { z } from 'zod';
import { instant } from '../../bounds.ts';
import type { GroupCommit } from '../group-commit.ts';
import type { AgedTable, AgedTableOptions } from './aged-table.ts';

export const SENT_ROWS: AgedTableOptions<{ at: number }> = {
  schema: z.object({ at: instant }),
  instead: (_row, now) => ({ at: now }),
  means: 'It counts as sent just now, so that no second one is sent.',
};

export interface SentCreate {
  at: number;
  /** Earlier versions did not write it. */
  uptime?: number | null;
}

/**
 * The names under which a create was sent whose answer is not stored: what is not here was never sent, so that a restart
 * has nothing to wait for.
 */
export class SentCreates {
  readonly #table: AgedTable<SentCreate>;
  readonly #commit: GroupCommit;

  constructor(table: AgedTable<SentCreate>, commit: GroupCommit) {
    this.#table = table;
    this.#commit = commit;
  }

  /** `at`: epoch ms right before it is sent. `uptime`: of the server, in seconds; null when that is not known. */
  put(name: string, at: number, uptime: number | null): void {
    this.#table.put(name, { at, uptime });
  }

  delete(name: string): void {
    if (this.#table.has(name)) this.#table.delete(name);
  }

  /** Epoch ms right before it was sent; null when none was sent whose answer is not known. */
  sentAt(name: string): number | null {
    return this.#table.at(name);
  }

  /** The server's uptime right before it was sent; null when that is not known. */
  async uptimeAtSend(name: string): Promise<number | null> {
    const { uptime } = (await this.#table.get(name)) ?? {};
    return typeof uptime === 'number' ? uptime : null;
  }

  /** Resolves when what was put is on disk. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }
}
