import { createHash, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import type { JobView } from '../dispatch/job-view.ts';
import type { CollectionStep } from '../dispatch/plan-collection.ts';
import type { SettledJob } from '../store/settled-jobs.ts';

/** What the admin listener shows and may order; the controller supplies it. */
export interface AdminSource {
  jobs(): JobView[];
  recent(limit: number): Promise<SettledJob[]>;
  hosts(): unknown[];
  status(): { ok: boolean; reasons: string[] } & Record<string, unknown>;
  collect(dryRun: boolean): Promise<CollectionStep[]>;
}

export interface AdminAppOptions {
  source: AdminSource;
  /** Null only on loopback; the config refuses anything else. */
  token: string | null;
}

/** Outcomes shown beside the live jobs. */
const RECENT = 50;

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * The API for operators. It refuses a Host header that names no address of ours (a web page could otherwise
 * reach a loopback port by DNS rebinding) and, where a token is set, everything without it but `/healthz`.
 */
export function createAdminApp({ source, token }: AdminAppOptions): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d+$/, '');
    if (token === null && !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(host)) {
      return c.json(
        { message: `The Host header "${host}" is not a loopback name; set admin.token to use others.` },
        403,
      );
    }
    if (c.req.method !== 'GET' && c.req.header('sec-fetch-site') === 'cross-site') {
      return c.json({ message: 'Cross-site requests are refused.' }, 403);
    }
    if (token !== null && c.req.path !== '/healthz') {
      const given = c.req.header('authorization')?.replace(/^Bearer /i, '') ?? '';
      if (!timingSafeEqual(digest(given), digest(token))) {
        return c.json({ message: 'Send the admin token as "Authorization: Bearer <admin.token>".' }, 401);
      }
    }
    return next();
  });

  app.get('/healthz', (c) => {
    const { ok, reasons } = source.status();
    return c.json({ ok, reasons }, ok ? 200 : 503);
  });
  app.get('/api/jobs', async (c) => c.json({ jobs: source.jobs(), recent: await source.recent(RECENT) }));
  app.get('/api/hosts', (c) => c.json({ hosts: source.hosts() }));
  app.get('/api/status', (c) => c.json(source.status()));
  app.post('/api/collect', async (c) => {
    const dryRun = c.req.query('dryRun') === 'true';
    return c.json({ dryRun, steps: await source.collect(dryRun) });
  });
  app.notFound((c) => c.json({ message: `There is nothing at ${c.req.path}.` }, 404));
  app.onError((error, c) => c.json({ message: error.message }, 500));
  return app;
}
