import type { Row } from '../../../src/store/postgres/writer.ts';
import { CONTROLLER_SQL } from '../../../src/store/shared/controller-rows.ts';
import { ORDER_SQL } from '../../../src/store/shared/order-rows.ts';
import { SHOWN_SQL } from '../../../src/store/shared/shown-row.ts';

const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;

type Statement = (values: readonly unknown[]) => Row[];

interface Controller {
  about: unknown;
  role: string;
  epoch: number | null;
  since: number;
  seenAt: number;
}

interface Order {
  givenAt: number;
  giver: string;
  path: string;
  epoch: number | null;
  status: number | null;
  answer: unknown;
}

export interface SharedRowsOptions {
  /** Epoch ms on the database's clock. */
  now(): number;
  /** Of the fence. */
  epoch(): number;
}

/** Returns a whole number as the client has it: a bigint is a text. */
const bigint = (value: number | null) => (value === null ? null : String(value));

/** What several controllers tell each other in the database: themselves, orders, and what is shown. By statement. */
export function sharedRows({ now, epoch }: SharedRowsOptions): Map<string, Statement> {
  const controllers = new Map<string, Controller>();
  const orders = new Map<number, Order>();
  let shown: { epoch: number; at: number; value: string } | null = null;
  let given = 0;
  const isOpen = (order: Order) => order.epoch === null && order.givenAt > now() - 30 * SECOND;

  return new Map<string, Statement>([
    [
      CONTROLLER_SQL.put,
      ([id, about, role, of]) => {
        for (const [key, { seenAt }] of controllers) if (seenAt < now() - DAY) controllers.delete(key);
        const known = controllers.get(String(id));
        const next = { about: JSON.parse(String(about)), role: String(role), epoch: of as number | null };
        const isSame = known?.role === next.role && known.epoch === next.epoch;
        controllers.set(String(id), { ...next, since: isSame ? known.since : now(), seenAt: now() });
        return [];
      },
    ],
    [
      CONTROLLER_SQL.list,
      () =>
        [...controllers]
          .sort(
            ([id, one], [other, two]) =>
              one.role.localeCompare(two.role) || one.since - two.since || (id < other ? -1 : 1),
          )
          .map(([id, { about, role, epoch: of, since, seenAt }]) => ({
            ...{ id, about, role, epoch: bigint(of), since: String(since) },
            seen_ago: String(now() - seenAt),
          })),
    ],
    [
      CONTROLLER_SQL.remove,
      ([id]) => {
        controllers.delete(String(id));
        return [];
      },
    ],
    [
      ORDER_SQL.give,
      ([giver, path]) => {
        given += 1;
        const order = { givenAt: now(), giver: String(giver), path: String(path) };
        orders.set(given, { ...order, epoch: null, status: null, answer: null });
        return [{ id: String(given) }];
      },
    ],
    [
      ORDER_SQL.look,
      ([id]) => {
        const order = orders.get(Number(id));
        return order ? [{ epoch: bigint(order.epoch), status: order.status, answer: order.answer }] : [];
      },
    ],
    [ORDER_SQL.any, () => ([...orders.values()].some(isOpen) ? [{}] : [])],
    [
      ORDER_SQL.take,
      ([by]) => {
        for (const [id, { givenAt }] of orders) if (givenAt < now() - DAY) orders.delete(id);
        if (epoch() !== by) return [];
        const taken = [...orders].filter(([, order]) => isOpen(order));
        for (const [, order] of taken) order.epoch = Number(by);
        return taken.map(([id, { giver, path }]) => ({ id: String(id), giver, path }));
      },
    ],
    [
      ORDER_SQL.answer,
      ([id, status, answer]) => {
        const order = orders.get(Number(id));
        if (order) Object.assign(order, { status: Number(status), answer: JSON.parse(String(answer)) });
        return [];
      },
    ],
    [
      SHOWN_SQL.put,
      ([by, value]) => {
        if (epoch() === by) shown = { epoch: Number(by), at: now(), value: String(value) };
        return [];
      },
    ],
    [SHOWN_SQL.look, () => (shown ? [{ value: shown.value, age: String(now() - shown.at) }] : [])],
  ]);
}
