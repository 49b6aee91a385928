import type { Hono } from 'hono';
import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../../clock.ts';
import { headerText } from '../../format.js';
import type { GivenOrder, OrderAnswer, OrderRows } from '../../store/shared/order-rows.ts';

/** Milliseconds between two looks for orders. */
const LOOK_EVERY = 250;

export interface CarryOutOrdersOptions {
  rows: Pick<OrderRows, 'take' | 'answer'>;
  epoch: number;
  /** The API of the active controller. */
  app: Hono;
  token(): string | undefined;
  clock: Clock;
  log: Logger;
}

/** Carries out the orders that standbys were given, as if they came to this controller's API, until the signal aborts. */
export async function carryOutOrders(options: CarryOutOrdersOptions, signal: AbortSignal): Promise<void> {
  const { rows, epoch, clock, log } = options;
  while (!signal.aborted) {
    // While the database is away nobody can have given one.
    const orders = await rows.take(epoch).catch(() => []);
    for (const order of orders) {
      const answer = await carryOut(order, options);
      await rows.answer(order.id, answer).catch((error: unknown) => {
        log.warn(
          { err: error, order: order.path },
          `the order ${order.path} was carried out or refused here, but the outcome could not be stored, so the standby that passed it on cannot tell it`,
        );
      });
    }
    await sleepFor(clock, LOOK_EVERY, signal).catch(() => undefined);
  }
}

async function carryOut(
  { giver, path }: GivenOrder,
  { app, token }: CarryOutOrdersOptions,
): Promise<OrderAnswer> {
  const own = token();
  const response = await app.request(`http://localhost${path}`, {
    method: 'POST',
    headers: {
      host: 'localhost',
      'x-operator': headerText(giver),
      ...(own !== undefined && { authorization: `Bearer ${own}` }),
    },
  });
  const body: unknown = await response.json().catch(() => ({ message: 'The order had no answer.' }));
  return { status: response.status, body };
}
