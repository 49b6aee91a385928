import type { Clock } from '../../../clock.ts';
import type { ConfigInForce } from '../../../config/changes/reload-result.ts';
import { OrderRefused } from '../../../dispatch/orders.ts';
import { createEvidenceFile, type JobStory } from '../../../evidence/evidence-file.ts';
import { clock as timeOfDay } from '../../../format.js';
import type { Health, HealthScope } from '../../../health/health.ts';
import type { Recording } from '../../../journal/recording.ts';
import type { SharedReads } from '../../../store/shared/shared-reads.ts';
import type { AdminSource } from '../api/api-routes.ts';
import type { SharedView } from './shared-view.ts';

/** What the active controller showed last, and when that was (epoch ms). */
export interface SeenView {
  view: SharedView;
  at: number;
}

export interface StandbySourceOptions {
  reads: SharedReads;
  recording: Recording;
  /** Null before the first. */
  seen(): SeenView | null;
  /** Null while deliveries can be stored; otherwise since when they cannot, in epoch ms, and why, as a sentence. */
  away(): { since: number; why: string | null } | null;
  config(): ConfigInForce | null;
  controllers: AdminSource['controllers'];
  reload: NonNullable<AdminSource['reload']>;
  metrics(): Promise<string>;
  clock: Clock;
}

/** Milliseconds after which what the active controller showed is called old. */
const FRESH = 15_000;

/**
 * What a standby shows: the records, and what the active controller last showed. Orders never reach it, since they
 * are rows of the database.
 */
export function standbySource(options: StandbySourceOptions): AdminSource {
  const { reads, recording, seen, config, clock } = options;
  const view = () => seen()?.view ?? null;
  const story = async (jobId: number): Promise<JobStory | null> => {
    const live = view()?.jobs.filter(({ job }) => job.id === jobId) ?? [];
    const settled = await reads.settled(jobId);
    const unserved = view()?.waiting.unserved.find((job) => job.jobId === jobId) ?? null;
    if (live.length === 0 && settled === null && unserved === null) return null;
    const evidence = (await reads.evidence(jobId)).map(({ attempt, at }) => ({ attempt, at }));
    const waiting = view()?.waiting.waiting.find((one) => one.jobId === jobId) ?? null;
    return { jobId, live, settled, effects: [], waiting, unserved, hostTrouble: null, evidence };
  };
  return {
    mode: 'live',
    settled: async () => undefined,
    config,
    controllers: options.controllers,
    takeOvers: () => view()?.takeOvers ?? [],
    reload: options.reload,
    recording,
    jobs: () => view()?.jobs ?? [],
    recent: (limit) => reads.newest(limit),
    job: story,
    async evidence(jobId) {
      const found = await story(jobId);
      if (found === null) return null;
      const store = {
        durable: async () => undefined,
        journal: reads.journal,
        evidence: { of: () => reads.evidence(jobId) },
      };
      const stats = view()?.stats ?? {};
      return createEvidenceFile({ story: found, store, stats, madeAt: clock.now(), actor: null });
    },
    // Only the active controller asks GitHub.
    run: async () => null,
    look: null,
    stats: () => view()?.stats ?? {},
    waiting: () => view()?.waiting ?? { waiting: [], unserved: [] },
    hosts: () => view()?.hosts ?? [],
    images: () => view()?.images ?? [],
    githubAhead: () => view()?.githubAhead ?? 0,
    sources: () => view()?.sources ?? { mode: 'standby' },
    status: () => ({ ...view()?.status, shownAt: seen()?.at ?? null }),
    health: () => healthOf(seen(), options.away(), clock.now()),
    metrics: options.metrics,
    collect: async () => {
      throw new OrderRefused(409, 'This controller stands by: order it at the active one.');
    },
    orders: null,
  };
}

function healthOf(
  seen: SeenView | null,
  away: ReturnType<StandbySourceOptions['away']>,
  now: number,
): Health {
  const lastKnown = seen ? ` What is shown was last known at ${timeOfDay(seen.at)}.` : '';
  if (away !== null) {
    const why = away.why === null ? '' : ` The error: ${away.why}`;
    const sentence = `This controller cannot write to the database, so it refuses webhooks.${why}${lastKnown}`;
    const whoActs =
      'The operator of the database. Running jobs go on; everything else goes on when the database can be written again.';
    const scope: HealthScope = { what: 'store', name: '', sentence, since: away.since, whoActs, stops: true };
    return { ready: false, degraded: true, canStore: false, scopes: [scope], ages: [] };
  }
  const isFresh = seen !== null && now - seen.at < FRESH;
  if (isFresh) {
    const { degraded, scopes, ages } = seen.view.health;
    return { ready: true, degraded, canStore: true, scopes, ages };
  }
  const sentence = `No controller is active: queued jobs wait until one takes over.${lastKnown}`;
  const whoActs = 'Nobody for some seconds; after that the operator of the controllers.';
  const scope: HealthScope = {
    what: 'daemon',
    name: '',
    sentence,
    since: seen?.at ?? null,
    whoActs,
    stops: false,
  };
  return { ready: true, degraded: true, canStore: true, scopes: [scope], ages: [] };
}
