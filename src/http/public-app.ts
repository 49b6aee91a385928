import { type Handler, Hono, type MiddlewareHandler } from 'hono';

export interface PublicAppOptions {
  /** Takes the deliveries at `POST /webhook`. */
  webhook: Handler;
  /** Runs around each of them and reads the response. */
  watch: MiddlewareHandler;
  /** What is done can be written down. */
  canStore(): boolean;
}

/** The only app that strangers can reach: it takes GitHub's deliveries, and says whether the daemon is healthy, but not why. */
export function createPublicApp({ webhook, watch, canStore }: PublicAppOptions): Hono {
  const app = new Hono();
  app.post('/webhook', watch, webhook);
  app.all('/webhook', (c) => {
    c.header('allow', 'POST');
    return c.json({ message: "This address takes the deliveries of GitHub's webhooks: POST alone." }, 405);
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
