import type { RunnerScope } from '../../machines/job/context.ts';
import { HostHistory } from '../hosts/host-history.ts';
import { Metrics, type MetricsOptions } from '../http/admin/metrics.ts';
import { applyEntry, emptyOverview } from '../journal/overview.js';
import { PhaseSpans } from '../journal/phase-spans.ts';
import { PhaseStats } from '../journal/phase-stats.ts';
import { TakeOvers } from '../journal/take-overs.ts';
import { RunnerVersions, type RunnerVersionsOptions } from '../upkeep/runner-versions.ts';

/** Journal entries that are read at a start to restore the figures of states. */
const REMEMBERED = 10_000;
/** Journal entries that do not belong to a job and are read at a start to restore the health of the hosts. */
const REMEMBERED_BESIDE = 2_000;

export interface WatchJournalOptions
  extends Omit<MetricsOptions, 'overview' | 'versions'>,
    Pick<RunnerVersionsOptions, 'log'> {
  /** What the journal tells of a take-over; nothing of a daemon that is alone. */
  tookOver?: Record<string, unknown>;
  active(): ReturnType<MetricsOptions['active']> & {
    github: RunnerVersionsOptions['github'];
    /** Where runners are registered. */
    scopes: readonly RunnerScope[];
  };
}

/**
 * Everything that reads the journal while it is written and lasts as long as the process: the overview, the
 * figures of states, the history of hosts, the take-overs, the runner versions and the metrics. It starts before the first
 * job is restored, so that no entry is missed.
 */
export async function watchJournal({ log, tookOver = {}, ...options }: WatchJournalOptions) {
  const { journal, store, clock, active } = options;
  const stats = new PhaseStats();
  const history = new HostHistory();
  const takeOvers = new TakeOvers();
  let heardLast = clock.now();
  for await (const entry of store.journal.read({ after: Math.max(0, store.journal.seq - REMEMBERED) })) {
    stats.add(entry);
    heardLast = entry.at;
  }
  const beside = [];
  for await (const entry of store.journal.read({ jobId: 0, reverse: true, limit: REMEMBERED_BESIDE }))
    beside.push(entry);
  for (const entry of beside.reverse()) {
    history.add(entry);
    takeOvers.add(entry);
  }

  const overview = emptyOverview();
  const spans = new PhaseSpans();
  journal.subscribe((entry) => {
    applyEntry(overview, entry);
    stats.add(entry);
    history.add(entry);
    takeOvers.add(entry);
    spans.add(entry);
  });
  const versions = new RunnerVersions({
    github: { runnerEndsAt: (...asked) => active().github.runnerEndsAt(...asked) },
    scope: () => active().scopes[0],
    journal,
    clock,
    log,
  });
  const metrics = new Metrics({ ...options, overview, versions });
  journal.write({
    kind: 'daemon',
    at: clock.now(),
    actor: 'daemon',
    event: 'daemon.started',
    jobId: 0,
    attempt: 0,
    host: null,
    from: '',
    to: '',
    detail: { heardLast, ...tookOver },
    isTurn: true,
  });
  return {
    overview,
    stats,
    /** Epoch ms at which an earlier daemon last wrote; that of this start when none did. */
    heardLast,
    history,
    takeOvers,
    metrics,
    versions,
    stop() {
      versions.stop();
      metrics.stop();
    },
  };
}
