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
    return (await this.#table.get(name))?.uptime ?? null;
  }

  /** Resolves when what was put is on disk. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }
}
