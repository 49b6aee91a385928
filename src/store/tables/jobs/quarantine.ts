import type { Logger } from 'pino';
import { z } from 'zod';
import { exactText, instant } from '../../../bounds.ts';
import type { Clock } from '../../../clock.ts';
import type { TableName } from '../../engine.ts';
import type { AgedTable, AgedTableOptions } from '../aged-table.ts';
import type { Row } from '../table.ts';
import type { ActorRecords } from './actor-records.ts';

export interface QuarantinedRecord {
  /** Epoch ms. */
  at: number;
  reason: string;
  raw: unknown;
  /** Absent for the record of an actor. */
  table?: string | undefined;
}

export const QUARANTINE_ROWS: AgedTableOptions<QuarantinedRecord> = {
  schema: z.object({ at: instant, reason: z.string(), raw: z.unknown(), table: exactText.optional() }),
  instead: ({ raw }, now) => ({ at: now, reason: 'its row in the quarantine could not be read', raw }),
  means: 'It stays in the quarantine.',
};

/** Keys of actors do not contain a space. */
const rowKey = (table: string, key: string) => `${table} ${key}`;
const isOfActor = (key: string) => !key.includes(' ');

/** Records that must not be used, kept for a person: records of actors, and rows of other tables. */
export class Quarantine {
  readonly #table: AgedTable<QuarantinedRecord>;
  readonly #actors: ActorRecords;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(table: AgedTable<QuarantinedRecord>, actors: ActorRecords, clock: Clock, log: Logger) {
    this.#table = table;
    this.#actors = actors;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Moves an actor's record here, so that it is not restored. A second record with the same key is kept, too.
   */
  put(key: string, raw: unknown, reason: string): void {
    this.#table.put(this.#free(key), { at: this.#clock.now(), reason, raw });
    this.#actors.delete(key);
  }

  /**
   * Keeps the text of an unreadable row of another table. Unreadable rows of the quarantine itself stay where
   * they are.
   */
  keep(table: TableName, { key, raw }: Row, reason: string, means: string): void {
    this.#log.error(
      { table, key, reason },
      `a row of the store cannot be read and is kept in quarantine (table ${table}, key ${key.slice(0, 100)}): ${reason}. ${means}`,
    );
    if (table === 'quarantine') return;
    this.#table.put(this.#free(rowKey(table, key)), { at: this.#clock.now(), reason, raw, table });
  }

  /** The actor's key of each record; a key may occur twice. */
  keys(): string[] {
    return this.#names().filter(isOfActor);
  }

  /** How many rows of other tables are here, by table. */
  rows(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.#names()) {
      if (isOfActor(name)) continue;
      const table = name.slice(0, name.indexOf(' '));
      counts[table] = (counts[table] ?? 0) + 1;
    }
    return counts;
  }

  #names(): string[] {
    return this.#table.keys().map((key) => key.slice(0, key.lastIndexOf('#')));
  }

  #free(name: string): string {
    let n = 1;
    while (this.#table.has(`${name}#${n}`)) n += 1;
    return `${name}#${n}`;
  }
}
