import type { Hono } from 'hono';
import type { ConfigInForce, ReloadResult } from '../../../config/changes/reload-result.ts';
import { OrderRefused } from '../../../dispatch/orders.ts';
import { operatorOf } from './orders/operator-name.ts';

export interface ConfigSource {
  /** Null in a recording. */
  config(): ConfigInForce | null;
  /** Null where no orders can be given. */
  reload: ((by: string) => Promise<ReloadResult>) | null;
}

/** The config in force, and the order to read it again. */
export function configRoutes(app: Hono, source: ConfigSource): void {
  app.get('/api/config', (c) => c.json({ config: source.config() }));
  app.post('/api/reload', async (c) => {
    if (source.reload === null) throw new OrderRefused(409, 'This is a recording: nothing can be ordered.');
    return c.json(await source.reload(operatorOf(c.req.header('x-operator'))));
  });
}
