import type { Context, Hono } from 'hono';
import type { Clock } from '../../../../clock.ts';
import { OrderRefused, type Orders } from '../../../../dispatch/orders.ts';
import type { CollectionStep } from '../../../../upkeep/plan-collection.ts';
import { jobIdOf } from '../job-id-of.ts';
import { holdLength } from './hold-length.ts';
import { operatorOf } from './operator-name.ts';
import { orderEnd } from './order-end.ts';

export interface OrderSource {
  collect(dryRun: boolean, by: string): Promise<CollectionStep[]>;
  /** Null where no orders can be given. Each order may throw an OrderRefused. */
  orders: Orders | null;
}

/** The orders of a person, who is named in the journal. */
export function orderRoutes(app: Hono, source: OrderSource, clock: Clock): void {
  const givable = (): Orders => {
    if (source.orders) return source.orders;
    throw new OrderRefused(409, 'This is a recording: nothing can be ordered.');
  };
  app.post('/api/collect', async (c) => {
    const dryRun = c.req.query('dryRun') === 'true';
    return c.json({ dryRun, steps: await source.collect(dryRun, operatorIn(c)) });
  });
  app.post('/api/records/:key/forget', (c) =>
    c.json({ ordered: true, left: givable().forget(c.req.param('key'), operatorIn(c)) }),
  );
  app.post('/api/jobs/:id/hold', (c) =>
    c.json({
      ordered: true,
      hold: givable().hold(jobIdOf(c), operatorIn(c), holdLength(c.req.query('for'))),
    }),
  );
  const order = (path: string, give: (orders: Orders, c: Context) => void | Promise<void>) =>
    app.post(path, async (c) => {
      await give(givable(), c);
      return c.json({ ordered: true });
    });
  order('/api/jobs/:id/cancel', (orders, c) => orders.cancel(jobIdOf(c), operatorIn(c)));
  order('/api/jobs/:id/retry', (orders, c) => orders.retry(jobIdOf(c), operatorIn(c)));
  order('/api/jobs/:id/release', (orders, c) => orders.release(jobIdOf(c), operatorIn(c)));
  order('/api/hosts/:name/cordon', (orders, c) =>
    orders.cordon(hostOf(c), operatorIn(c), orderEnd(c.req.query('until'), clock)),
  );
  order('/api/hosts/:name/uncordon', (orders, c) => orders.uncordon(hostOf(c), operatorIn(c)));
  order('/api/hosts/:name/drain', (orders, c) =>
    orders.drain(hostOf(c), operatorIn(c), orderEnd(c.req.query('until'), clock)),
  );
  for (const what of ['try', 'spread', 'back'] as const) {
    order(`/api/images/:label/${what}`, (orders, c) =>
      orders.image(what, c.req.param('label') ?? '', operatorIn(c)),
    );
  }
}

const operatorIn = (c: Context) => operatorOf(c.req.header('x-operator'));

const hostOf = (c: Context) => c.req.param('name') ?? '';
