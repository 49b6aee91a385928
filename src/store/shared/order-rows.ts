import type { Connections } from '../postgres/connections.ts';
import { SCHEMA } from '../postgres/sql-table.ts';
import type { Writer } from '../postgres/writer.ts';

/** What became of an order. */
export interface OrderAnswer {
  /** The status and the body that the active controller gave. */
  status: number;
  body: unknown;
}

export interface GivenOrder {
  id: number;
  /** The operator. */
  giver: string;
  /** Path and query of the request. */
  path: string;
}

/** Nobody expects any more that an older order is carried out. */
const EXPIRES_AFTER = '30 seconds';
const FORGOTTEN_AFTER = '1 day';

const GIVE = `insert into ${SCHEMA}.orders (giver, path) values ($1, $2) returning id`;

const LOOK = `select epoch, status, answer from ${SCHEMA}.orders where id = $1`;

const ANY = `
select from ${SCHEMA}.orders
where epoch is null and given_at > clock_timestamp() - interval '${EXPIRES_AFTER}' limit 1`;

const TAKE = `
with gone as (
  delete from ${SCHEMA}.orders where given_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'
)
update ${SCHEMA}.orders set epoch = $1
where epoch is null and given_at > clock_timestamp() - interval '${EXPIRES_AFTER}'
  and exists (select from ${SCHEMA}.fence where fence.epoch = $1)
returning id, giver, path`;

const ANSWER = `update ${SCHEMA}.orders set status = $2, answer = $3::json where id = $1`;

/** Every statement about orders; the simulated database knows each statement by its text. */
export const ORDER_SQL = { give: GIVE, look: LOOK, any: ANY, take: TAKE, answer: ANSWER };

/**
 * Orders that standbys were given, for the active controller. It takes each one before it carries it out, so an order
 * is carried out at most once: one whose controller ended in between has no answer.
 */
export class OrderRows {
  readonly #connections: Connections;
  readonly #writer: Writer;

  constructor(connections: Connections, writer: Writer) {
    this.#connections = connections;
    this.#writer = writer;
  }

  /** Returns the order's number. */
  async give(giver: string, path: string): Promise<number> {
    const [row] = await this.#writer.write({ text: GIVE, values: [giver, path] });
    return Number(row?.id);
  }

  /** `taken`: a controller has begun with it. */
  async answerOf(id: number): Promise<OrderAnswer | 'given' | 'taken'> {
    const [row] = await this.#connections.read(LOOK, [id]);
    if (row?.status != null) return { status: Number(row.status), body: row.answer };
    return row?.epoch == null ? 'given' : 'taken';
  }

  /** Takes the orders that nobody has, in their order, for the controller of an epoch. */
  async take(epoch: number): Promise<GivenOrder[]> {
    if ((await this.#connections.read(ANY)).length === 0) return [];
    const rows = await this.#writer.write({ text: TAKE, values: [epoch] });
    return rows
      .map(({ id, giver, path }) => ({ id: Number(id), giver: String(giver), path: String(path) }))
      .sort((a, b) => a.id - b.id);
  }

  async answer(id: number, { status, body }: OrderAnswer): Promise<void> {
    await this.#writer.write({ text: ANSWER, values: [id, status, JSON.stringify(body)] });
  }
}
