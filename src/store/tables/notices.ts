import { z } from 'zod';
import { cutText, exactText, instant } from '../../bounds.ts';
import type { Table } from './table.ts';

const schema = z.object({
  key: exactText,
  kind: exactText,
  mood: z.enum(['bad', 'warn']),
  what: cutText,
  sentence: cutText,
  whom: cutText,
  act: cutText,
  link: exactText.nullable(),
  begunAt: instant,
  missingSince: instant.nullable(),
  endedAt: instant.nullable(),
  isTold: z.boolean(),
});

/** What one receiver of notifications was told about one problem. Instants in epoch ms. */
export type StoredNotice = z.output<typeof schema>;

/**
 * What each receiver was told, and what it has still to be told, across restarts: so nothing is told twice, and
 * nothing is forgotten. Reads are answered from memory.
 */
export class Notices {
  readonly #table: Table;
  readonly #ofReceiver = new Map<string, Map<string, StoredNotice>>();

  constructor(table: Table) {
    this.#table = table;
  }

  async load(): Promise<void> {
    for await (const row of this.#table.rows()) {
      const { data, error } = schema.safeParse(row.value);
      const [receiver = ''] = row.key.split(' ', 1);
      if (data && row.key === rowKey(receiver, data.key)) this.#rowsOf(receiver).set(data.key, data);
      else
        this.#table.setAside(row, error ?? null, null, 'The receiver may be told again what it was about.');
    }
  }

  /** Returns the notices of a receiver, by the key of their problem. */
  of(receiver: string): ReadonlyMap<string, StoredNotice> {
    return this.#rowsOf(receiver);
  }

  put(receiver: string, notice: StoredNotice): void {
    this.#rowsOf(receiver).set(notice.key, notice);
    this.#table.put(rowKey(receiver, notice.key), notice);
  }

  delete(receiver: string, key: string): void {
    this.#rowsOf(receiver).delete(key);
    this.#table.delete(rowKey(receiver, key));
  }

  /** Forgets all other receivers, which the config does not have any more. */
  keepOnly(receivers: readonly string[]): void {
    for (const [receiver, rows] of this.#ofReceiver) {
      if (receivers.includes(receiver)) continue;
      for (const key of rows.keys()) this.#table.delete(rowKey(receiver, key));
      this.#ofReceiver.delete(receiver);
    }
  }

  #rowsOf(receiver: string): Map<string, StoredNotice> {
    const rows = this.#ofReceiver.get(receiver) ?? new Map<string, StoredNotice>();
    this.#ofReceiver.set(receiver, rows);
    return rows;
  }
}

/** The name of a receiver has no space. */
const rowKey = (receiver: string, key: string) => `${receiver} ${key}`;
