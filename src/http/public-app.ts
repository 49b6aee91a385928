import { type Handler, Hono, type MiddlewareHandler } from 'hono';

export interface PublicAppOptions {
  /** Handles the deliveries at `POST /webhook`. */
  webhook: Handler;
  /** Runs around the webhook handler and reads its response. */
  watch: MiddlewareHandler;
  /** True while the daemon can write what it does to its store. */
  canStore(): boolean;
}

/**
 * Returns the only app that strangers can reach: it takes GitHub's deliveries and reports whether the daemon is
 * healthy, but no reasons.
 */
export function createPublicApp({ webhook, watch, canStore }: PublicAppOptions): Hono {
  const app = new Hono();
  app.post('/webhook', watch, webhook);
  app.all('/webhook', (c) => {
    c.header('allow', 'POST');
    return c.json({ message: "This address accepts deliveries of GitHub's webhooks, with POST only." }, 405);
  });
  app.get('/healthz', (c) => {
    const ok = canStore();
    return c.json({ ok }, ok ? 200 : 503);
  });
  app.notFound((c) => c.json({ message: 'There is nothing here.' }, 404));
  // Hono's own handler would print the error to the console.
  app.onError((_error, c) => c.json({ message: 'The daemon failed to handle this request.' }, 500));
  return app;
}
