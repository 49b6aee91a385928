import type { MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Clock, sleepFor } from '../../../../clock.ts';
import type { OrderRows } from '../../../../store/shared/order-rows.ts';
import { operatorOf } from './operator-name.ts';

/** Milliseconds for which a person waits for the answer: less than the command line does. */
const WAIT = 4_000;
const LOOK_EVERY = 100;

/** Read by the controller that was asked, for itself. */
const OWN = '/api/reload';

/** Makes each order a row of the database, waits until the active controller has carried it out, and answers like it. */
export function passOrdersOn(rows: Pick<OrderRows, 'give' | 'answerOf'>, clock: Clock): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== 'POST' || c.req.path === OWN) return next();
    const { pathname, search } = new URL(c.req.url);
    const by = operatorOf(c.req.header('x-operator'));
    const id = await rows.give(by, `${pathname}${search}`).catch(() => null);
    if (id === null) {
      return c.json({ message: 'The database cannot be reached, so nothing can be ordered now.' }, 503);
    }
    const until = clock.now() + WAIT;
    for (;;) {
      const found = await rows.answerOf(id).catch(() => 'taken' as const);
      if (typeof found === 'object')
        return c.json(found.body as object, found.status as ContentfulStatusCode);
      if (clock.now() >= until) {
        const message =
          found === 'given'
            ? 'The order is stored, and no active controller has taken it yet. It is carried out within 30 seconds of being given, or not at all.'
            : 'The active controller has begun with the order and has not told its outcome: look whether it took effect before you order it again.';
        return c.json({ message }, 504);
      }
      await sleepFor(clock, LOOK_EVERY);
    }
  };
}
