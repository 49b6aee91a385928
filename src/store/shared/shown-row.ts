import type { Connections } from '../postgres/connections.ts';
import { SCHEMA } from '../postgres/sql-table.ts';
import type { Writer } from '../postgres/writer.ts';

const PUT = `
insert into ${SCHEMA}.shown (epoch, at, value)
select $1, clock_timestamp(), $2::json where exists (select from ${SCHEMA}.fence where epoch = $1)
on conflict (one) do update set epoch = excluded.epoch, at = excluded.at, value = excluded.value`;

const LOOK = `
select value::text as value, extract(epoch from clock_timestamp() - at) * 1000 as age from ${SCHEMA}.shown`;

/** Every statement about what is shown; the simulated database knows each statement by its text. */
export const SHOWN_SQL = { put: PUT, look: LOOK };

/** What the active controller shows and no record has, such as why a job waits: standbys show the same. */
export class ShownRow {
  readonly #connections: Connections;
  readonly #writer: Writer;

  constructor(connections: Connections, writer: Writer) {
    this.#connections = connections;
    this.#writer = writer;
  }

  async put(epoch: number, text: string): Promise<void> {
    await this.#writer.write({ text: PUT, values: [epoch, text] });
  }

  /** `age` in milliseconds. Null when nothing was shown yet. */
  async get(): Promise<{ text: string; age: number } | null> {
    const [row] = await this.#connections.read(LOOK);
    return row ? { text: String(row.value), age: Number(row.age) } : null;
  }
}
