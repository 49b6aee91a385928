import { Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Clock } from '../../clock.ts';
import { OrderRefused } from '../../dispatch/orders.ts';
import { reasonsOf } from '../../health/health.ts';
import type { ControllerRole } from '../../store/shared/controller-rows.ts';
import { type AdminSource, apiRoutes, type Readiness } from './api/api-routes.ts';
import { type AdminTokens, guard, isTrusted } from './guard.ts';
import { pageFiles } from './page-files.ts';

export interface AdminAppOptions {
  source: AdminSource;
  /**
   * Without an admin token only on loopback; the config refuses anything else. Called for each request, since a
   * reload of the config changes them.
   */
  tokens(): AdminTokens;
  clock: Clock;
  /** Of one of several controllers on a database; a daemon that is alone has none. */
  role?: ControllerRole | undefined;
  /** Handles the orders of a standby. */
  passOn?: MiddlewareHandler;
}

/** Everything for operators: the visualizer and its API, the metrics and the health checks. */
export function createAdminApp({ source, tokens, clock, role, passOn }: AdminAppOptions): Hono {
  const app = new Hono();
  app.use(guard(tokens));
  app.use('/api/*', async (c, next) => {
    await source.settled();
    await next();
    c.header('x-content-type-options', 'nosniff');
    c.header('cache-control', 'no-store');
  });

  // Tells whether the process responds; /readyz tells whether it can serve jobs.
  app.get('/healthz', (c) => {
    const { canStore, scopes } = source.health();
    const reasons = scopes.filter(({ what }) => what === 'store').map(({ sentence }) => sentence);
    return c.json({ ok: canStore, ...(role && { role }), ...(isTrusted(c) && { reasons }) });
  });
  app.get('/readyz', (c) => {
    const health = source.health();
    const { ready, degraded, scopes } = health;
    const answer: Readiness = isTrusted(c)
      ? { ready, degraded, ...(role && { role }), reasons: reasonsOf(health), scopes }
      : { ready, degraded, ...(role && { role }) };
    return c.json(answer, ready ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    await source.settled();
    return c.text(await source.metrics(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    });
  });
  if (passOn) app.use('/api/*', passOn);
  apiRoutes(app, source, clock);
  app.route('/', pageFiles());
  app.notFound((c) => c.json({ message: `There is nothing at ${c.req.path}.` }, 404));
  app.onError((error, c) => {
    const isRefusal = error instanceof OrderRefused || error instanceof HTTPException;
    return c.json({ message: error.message }, isRefusal ? error.status : 500);
  });
  return app;
}
