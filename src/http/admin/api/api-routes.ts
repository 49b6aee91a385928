import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { BreakerView } from '../../../../machines/breaker.ts';
import type { HostContext } from '../../../../machines/host.ts';
import type { Hold } from '../../../../machines/job/context.ts';
import type { Clock } from '../../../clock.ts';
import type { ConfigInForce, ReloadResult } from '../../../config/changes/reload-result.ts';
import type { Orders } from '../../../dispatch/orders.ts';
import type { EvidenceFile, JobStory } from '../../../evidence/evidence-file.ts';
import type { RunnerLogEnd, VmAddresses, VmLook } from '../../../evidence/vm-look.ts';
import type { Health, HealthScope } from '../../../health/health.ts';
import type { HostStay } from '../../../hosts/host-history.ts';
import type { Occurrence } from '../../../hosts/maintenance-windows.ts';
import type { PullView } from '../../../hosts/pulls.ts';
import type { PollerHealth } from '../../../intake/polling/poller.ts';
import type { Renamed } from '../../../intake/repository-names.ts';
import type { DeliveryLog, DeliverySeen } from '../../../intake/webhooks/delivery-log.ts';
import type { WebhookHealth } from '../../../intake/webhooks/webhook-health.ts';
import type { JobView } from '../../../jobs/job-view.ts';
import type { PhaseStat } from '../../../journal/phase-stats.ts';
import { overviewAt, type Recording } from '../../../journal/recording.ts';
import { type AroundJob, aroundJob } from '../../../journal/story/around-job.ts';
import type { TakeOver } from '../../../journal/take-overs.ts';
import type { TrendsAnswer } from '../../../journal/trends/trends.ts';
import type { UsageAnswer } from '../../../journal/usage/read-usage.ts';
import type { UnservedJob } from '../../../placement/waiting/unserved-jobs.ts';
import type { HostRoom, Waiting } from '../../../placement/waiting/waiting.ts';
import type { ControllerRole } from '../../../store/shared/controller-rows.ts';
import type { ControllerView } from '../../../store/shared/controller-view.ts';
import type { Cordon } from '../../../store/tables/hosts/cordons.ts';
import type { SettledJob } from '../../../store/tables/jobs/settled-jobs.ts';
import type { StoredJournalEntry } from '../../../store/tables/journal.ts';
import type { BaseVms } from '../../../upkeep/bases/base-vms.ts';
import type { CollectionStep } from '../../../upkeep/plan-collection.ts';
import type { SeenVersion } from '../../../upkeep/runner-versions.ts';
import { type Role, roleOf } from '../guard.ts';
import type { ImageView } from '../source/image-views.ts';
import { type Chart, chartsOf } from './charts.ts';
import { type ConfigSource, configRoutes } from './config-routes.ts';
import { openApi } from './description/open-api.ts';
import { eventStream } from './event-stream.ts';
import { jobIdOf } from './job-id-of.ts';
import { type OrderSource, orderRoutes } from './orders/order-routes.ts';
import { trendsRoute } from './trends-route.ts';
import { usageRoute } from './usage-route.ts';
import { withoutTail } from './without-tail.ts';

/** What the API and the page show: the parts of the running daemon, or an evidence file. */
export interface AdminSource extends ConfigSource, OrderSource {
  /** The controllers on one database; none where the daemon is alone. */
  controllers(): readonly ControllerView[];
  /** The changes of the active controller that the journal tells, the oldest first. */
  takeOvers(): readonly TakeOver[];
  /** `live`, or `replay`, where nothing changes and no order can be given. */
  mode: 'live' | 'replay';
  /** Resolves when the daemon neither starts nor reloads its config: until then there is nothing to show. */
  settled(): Promise<void>;
  recording: Recording;
  /** By how many milliseconds GitHub's clock, which dates the jobs, is ahead of ours. */
  githubAhead(): number;
  jobs(): JobView[];
  recent(limit: number): Promise<SettledJob[]>;
  /** Null when no such job is known; the same for its evidence. */
  job(jobId: number): Promise<JobStory | null>;
  evidence(jobId: number): Promise<EvidenceFile | null>;
  /** Who started its run; null while GitHub does not say it, or when no such job is known. */
  run(jobId: number): Promise<string | null>;
  /** Null where no VM can be looked into. */
  look: Pick<VmLook, 'log' | 'screen' | 'addresses'> | null;
  /** By state. */
  stats(): Record<string, PhaseStat>;
  waiting(): { waiting: Waiting[]; unserved: UnservedJob[] };
  hosts(): HostView[];
  /** None in a recording. */
  images(): ImageView[];
  sources(): SourcesView;
  /** Figures of the daemon's parts, without the health. */
  status(): Record<string, unknown>;
  health(): Health;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}

/** A host; in a recording, only name, state and history are known. */
export interface HostView extends Partial<Omit<HostContext, 'name'>> {
  name: string;
  state: string;
  history: readonly HostStay[];
  cordon?: Cordon | null;
  /** The next maintenance window; null without one. */
  nextWindow?: Occurrence | null;
  room?: HostRoom | undefined;
  /** The VM that is kept for a person; null without one. */
  held?: { vmName: string; hold: Hold } | null;
  bases?: ReturnType<BaseVms['view']>;
  breaker?: BreakerView | null;
  pulls?: PullView[];
}

/** Where jobs come from; in a recording, only the mode is known. */
export interface SourcesView {
  mode: string;
  /** Its keys are at /api/config. */
  config?: Omit<ConfigInForce, 'keys'>;
  poller?: PollerHealth;
  webhooks?: ReturnType<WebhookHealth['health']>;
  breakers?: BreakerView[];
  renamed?: Renamed[];
  /** The runner versions in the images, and until when GitHub accepts them. */
  runners?: SeenVersion[];
  deliveries?: { byStatus: ReturnType<DeliveryLog['byStatus']>; last: DeliverySeen[] };
}

/** What `/readyz` says; reasons and scopes are included only for a client that may use the admin listener. */
export interface Readiness extends Pick<Health, 'ready' | 'degraded'> {
  /** Of one of several controllers on a database. */
  role?: ControllerRole;
  /** Why nothing can be served or stored. */
  reasons?: string[];
  scopes?: HealthScope[];
}

/** What the routes return, as the page reads it. */
export interface Answers {
  '/api/jobs': { jobs: JobView[]; beyond: number; recent: SettledJob[] };
  '/api/jobs/:id': JobStory;
  '/api/jobs/:id/journal': { entries: StoredJournalEntry[] };
  '/api/jobs/:id/around': AroundJob;
  '/api/jobs/:id/evidence': EvidenceFile;
  '/api/jobs/:id/run': { actor: string | null };
  '/api/jobs/:id/log': RunnerLogEnd & { at: number };
  '/api/jobs/:id/vm': VmAddresses;
  '/api/state': { mode: AdminSource['mode']; role: Role; now: number } & Awaited<
    ReturnType<typeof overviewAt>
  >;
  '/api/journal': { entries: StoredJournalEntry[] };
  '/api/machines': { machines: Chart[] };
  '/api/stats': { states: Record<string, PhaseStat> };
  '/api/trends': TrendsAnswer;
  '/api/usage': UsageAnswer;
  '/api/waiting': { waiting: Waiting[]; beyond: number; unserved: UnservedJob[] };
  '/api/hosts': { hosts: HostView[] };
  '/api/images': { images: ImageView[] };
  '/api/sources': SourcesView;
  '/api/config': { config: ConfigInForce | null };
  '/api/controllers': { controllers: readonly ControllerView[]; takeOvers: readonly TakeOver[] };
  '/api/status': { ok: boolean; reasons: string[]; health: Health } & Record<string, unknown>;
}

/** What orders return, as the page reads it. */
export interface OrderAnswers {
  '/api/reload': ReloadResult;
  '/api/collect': { dryRun: boolean; steps: CollectionStep[] };
  '/api/jobs/:id/hold': { ordered: true; hold: Hold | null };
  '/api/records/:key/forget': { ordered: boolean; left: ReturnType<Orders['forget']> };
}

/** Outcomes in the response that lists the live jobs. */
const RECENT = 50;
/** Entries in one response. */
const MOST_ENTRIES = 1_000;
/** Entries of one job in a response: a job that is retried for days has many. */
const MOST_ENTRIES_OF_JOB = 5_000;
/** Queued jobs in a response: ten thousand would be megabytes for each reader, every few seconds. */
const MOST_QUEUED = 500;

/**
 * The routes for the page and the command line, for reads and for orders. A test compares the routes with the
 * OpenAPI description.
 */
export function apiRoutes(app: Hono, source: AdminSource, clock: Clock): void {
  const { recording } = source;
  const get = <P extends keyof Answers>(path: P, answer: (c: Context) => Answers[P] | Promise<Answers[P]>) =>
    app.get(path, async (c) => c.json(await answer(c)));

  // Entries that are not on disk cannot be read. While the disk refuses writes this may last, so the reader
  // gets the reason.
  for (const path of [
    '/api/state',
    '/api/trends',
    '/api/usage',
    '/api/journal',
    '/api/jobs/:id/journal',
    '/api/jobs/:id/around',
  ]) {
    app.use(path, async (c, next) => {
      const health = source.health();
      return health.canStore ? next() : c.json({ message: storeReasons(health).join(' ') }, 503);
    });
  }
  app.get('/api/openapi.json', (c) => c.json(openApi()));
  get('/api/jobs', async () => ({
    ...withoutTail(source.jobs(), MOST_QUEUED),
    recent: await source.recent(RECENT),
  }));
  get('/api/jobs/:id', async (c) => known(await source.job(jobIdOf(c))));
  get('/api/jobs/:id/journal', async (c) => {
    await recording.durable();
    const query = { jobId: jobIdOf(c), limit: MOST_ENTRIES_OF_JOB, reverse: true };
    return { entries: (await listOf(recording.read(query))).reverse() };
  });
  get('/api/jobs/:id/around', async (c) => {
    await recording.durable();
    return aroundJob(recording, jobIdOf(c), numberOf(c, 'after') ?? 0);
  });
  get('/api/jobs/:id/evidence', async (c) => {
    const file = known(await source.evidence(jobIdOf(c)));
    c.header('content-disposition', `attachment; filename="job-${jobIdOf(c)}.evidence.json"`);
    return file;
  });
  get('/api/jobs/:id/run', async (c) => ({ actor: await source.run(jobIdOf(c)) }));
  get('/api/jobs/:id/log', async (c) => {
    const log = inVm(await source.look?.log(jobIdOf(c)).catch(unreachable));
    return { ...log, at: clock.now() };
  });
  get('/api/jobs/:id/vm', (c) => inVm(source.look?.addresses(jobIdOf(c))));
  app.get('/api/jobs/:id/screen', async (c) => {
    const png = inVm(await source.look?.screen(jobIdOf(c)).catch(unreachable));
    const takenAt = new Date(clock.now()).toUTCString();
    return c.body(new Uint8Array(png), 200, { 'content-type': 'image/png', 'last-modified': takenAt });
  });
  get('/api/state', async (c) => {
    const at = c.req.query('at');
    if (at !== undefined && !/^\d{1,16}$/.test(at)) {
      throw new HTTPException(400, { message: 'Write "at" in milliseconds since 1970.' });
    }
    const overview = await overviewAt(recording, at ? Number(at) : null);
    return { mode: source.mode, role: roleOf(c), now: clock.now(), ...overview };
  });
  get('/api/journal', async (c) => {
    await recording.durable();
    const limit = Math.min(numberOf(c, 'limit') ?? MOST_ENTRIES, MOST_ENTRIES);
    return { entries: await listOf(recording.read({ after: numberOf(c, 'after') ?? 0, limit })) };
  });
  app.get('/api/events', (c) => {
    const last = c.req.header('last-event-id') ?? c.req.query('after');
    const after = last !== undefined && /^\d{1,16}$/.test(last) ? Number(last) : recording.seq();
    return eventStream(c, recording, after, clock);
  });
  get('/api/machines', async (c) => ({
    machines: await chartsOf(c.req.query('shape') === 'tall' ? 'tall' : 'wide'),
  }));
  get('/api/stats', () => ({ states: source.stats() }));
  get('/api/trends', trendsRoute(source, clock));
  get('/api/usage', usageRoute(source, clock));
  get('/api/waiting', () => {
    const { waiting, unserved } = source.waiting();
    const shown = waiting.filter(({ key }, place) => place < MOST_QUEUED || key.startsWith('unserved-'));
    return { waiting: shown, beyond: waiting.length - shown.length, unserved };
  });
  get('/api/hosts', () => ({ hosts: source.hosts() }));
  get('/api/images', () => ({ images: source.images() }));
  get('/api/sources', () => source.sources());
  get('/api/controllers', () => ({ controllers: source.controllers(), takeOvers: source.takeOvers() }));
  get('/api/status', () => {
    const health = source.health();
    return { ok: health.canStore, reasons: storeReasons(health), health, ...source.status() };
  });

  configRoutes(app, source);
  orderRoutes(app, source, clock);
}

const storeReasons = ({ scopes }: Health) =>
  scopes.filter(({ what }) => what === 'store').map(({ sentence }) => sentence);

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function known<T>(ofJob: T | null): T {
  if (ofJob === null)
    throw new HTTPException(404, { message: 'This daemon does not know a job with this id: check the id.' });
  return ofJob;
}

function inVm<T>(found: T | null | undefined): T {
  if (found) return found;
  throw new HTTPException(404, { message: 'The job has no VM that can be looked into now.' });
}

/** A guest or an agent that does not respond is not a fault of this daemon. */
function unreachable(error: unknown): never {
  throw new HTTPException(502, { message: error instanceof Error ? error.message : String(error) });
}

function numberOf(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
