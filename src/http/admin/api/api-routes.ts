import type { Context, Hono } from 'hono';
import type { Clock } from '../../../clock.ts';
import { OrderRefused } from '../../../dispatch/orders.ts';
import type { AdminSource } from '../source/admin-source.ts';
import { Charts } from './charts.ts';
import { eventStream } from './event-stream.ts';
import { openApi } from './open-api.ts';
import { overviewAt } from './overview-at.ts';
import { MOST_QUEUED, shownJobs } from './shown-jobs.ts';

/** Outcomes shown beside the live jobs. */
const RECENT = 50;
/** Entries in one answer. */
const MOST_ENTRIES = 1_000;
/** Entries of one job that are shown: a job that is retried for days has many. */
const MOST_OF_JOB = 5_000;

/** What the page and the command line ask. Every route stands in the OpenAPI description. */
export function apiRoutes(app: Hono, source: AdminSource, clock: Clock): void {
  const { recording } = source;
  const charts = new Charts();
  // What is not on disk cannot be read. Where the disk refuses, that may last: who asks is told why, and asks again.
  for (const path of ['/api/state', '/api/journal', '/api/jobs/:id/journal']) {
    app.use(path, async (c, next) => {
      const { ok, reasons } = source.status();
      return ok ? next() : c.json({ message: reasons.join(' ') }, 503);
    });
  }
  app.get('/api/openapi.json', (c) => c.json(openApi()));
  app.get('/api/jobs', async (c) =>
    c.json({ ...shownJobs(source.jobs()), recent: await source.recent(RECENT) }),
  );
  app.get('/api/jobs/:id', async (c) => {
    const story = await source.job(jobIdOf(c));
    return story ? c.json(story) : c.json({ message: 'No such job is known.' }, 404);
  });
  app.get('/api/jobs/:id/journal', async (c) => {
    await recording.durable();
    const entries = [];
    const query = { jobId: jobIdOf(c), limit: MOST_OF_JOB, reverse: true };
    for await (const entry of recording.read(query)) entries.push(entry);
    return c.json({ entries: entries.reverse() });
  });
  app.get('/api/jobs/:id/evidence', async (c) => {
    const file = await source.evidence(jobIdOf(c));
    if (file === null) return c.json({ message: 'No such job is known.' }, 404);
    c.header('content-disposition', `attachment; filename="job-${jobIdOf(c)}.evidence.json"`);
    return c.json(file);
  });
  app.get('/api/state', async (c) => {
    const at = c.req.query('at');
    if (at !== undefined && !/^\d{1,16}$/.test(at)) {
      return c.json({ message: 'Write "at" in milliseconds since 1970.' }, 400);
    }
    return c.json({
      mode: source.mode,
      now: clock.now(),
      ...(await overviewAt(recording, at ? Number(at) : null)),
    });
  });
  app.get('/api/journal', async (c) => {
    await recording.durable();
    const limit = Math.min(numberOf(c, 'limit') ?? MOST_ENTRIES, MOST_ENTRIES);
    const entries = [];
    for await (const entry of recording.read({ after: numberOf(c, 'after') ?? 0, limit }))
      entries.push(entry);
    return c.json({ entries });
  });
  app.get('/api/events', (c) => {
    const last = c.req.header('last-event-id') ?? c.req.query('after');
    const after = last !== undefined && /^\d{1,16}$/.test(last) ? Number(last) : recording.seq();
    return eventStream(c, recording, after, clock);
  });
  app.get('/api/machines', async (c) =>
    c.json({ machines: await charts.of(c.req.query('shape') === 'tall' ? 'tall' : 'wide') }),
  );
  app.get('/api/stats', (c) => c.json({ states: source.stats() }));
  app.get('/api/waiting', (c) => {
    const { waiting, unserved } = source.waiting();
    const shown = waiting.filter(({ key }, place) => place < MOST_QUEUED || key.startsWith('unserved-'));
    return c.json({ waiting: shown, beyond: waiting.length - shown.length, unserved });
  });
  app.get('/api/hosts', (c) => c.json({ hosts: source.hosts() }));
  app.get('/api/sources', (c) => c.json(source.sources()));
  app.get('/api/status', (c) => c.json(source.status()));

  app.post('/api/collect', async (c) => {
    const dryRun = c.req.query('dryRun') === 'true';
    return c.json({ dryRun, steps: await source.collect(dryRun, operatorOf(c)) });
  });
  app.post('/api/jobs/:id/cancel', (c) =>
    ordered(c, () => ordersOf(source).cancel(jobIdOf(c), operatorOf(c))),
  );
  app.post('/api/jobs/:id/retry', (c) => ordered(c, () => ordersOf(source).retry(jobIdOf(c), operatorOf(c))));
  app.post('/api/hosts/:name/cordon', (c) =>
    ordered(c, () => ordersOf(source).cordon(c.req.param('name'), operatorOf(c))),
  );
  app.post('/api/hosts/:name/uncordon', (c) =>
    ordered(c, () => ordersOf(source).uncordon(c.req.param('name'), operatorOf(c))),
  );
  app.post('/api/hosts/:name/drain', (c) =>
    ordered(c, () => ordersOf(source).drain(c.req.param('name'), operatorOf(c))),
  );
}

async function ordered(c: Context, order: () => unknown): Promise<Response> {
  await order();
  return c.json({ ordered: true });
}

function ordersOf({ orders }: AdminSource) {
  if (orders === null) throw new OrderRefused(409, 'This is a recording: nothing can be ordered.');
  return orders;
}

/** Who orders, by their own word: a name for the journal, no proof. */
function operatorOf(c: Context): string {
  const given = decodeURIComponent(c.req.header('x-operator') ?? '')
    .replace(/[\p{C}]/gu, '')
    .trim();
  return given.slice(0, 60) || 'an operator';
}

function jobIdOf(c: Context): number {
  const id = c.req.param('id') ?? '';
  return /^\d{1,16}$/.test(id) ? Number(id) : -1;
}

function numberOf(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
