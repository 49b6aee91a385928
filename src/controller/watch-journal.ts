import type { JobContext, RunnerScope } from '../../machines/job/context.ts';
import { beginsTeardown } from '../../machines/job/written-state.ts';
import type { EffectTracer } from '../effects/effect-tracer.ts';
import type { EvidenceRecorder } from '../evidence/evidence-recorder.ts';
import { HostHistory } from '../hosts/host-history.ts';
import { Metrics, type MetricsOptions } from '../http/admin/metrics.ts';
import { applyEntry, emptyOverview } from '../journal/overview.js';
import { PhaseSpans } from '../journal/phase-spans.ts';
import { PhaseStats } from '../journal/phase-stats.ts';
import type { StoredJournalEntry } from '../store/tables/journal.ts';
import { RunnerVersions, type RunnerVersionsOptions } from '../upkeep/runner-versions.ts';

/** Journal entries that are read at a start to restore the figures of states. */
const REMEMBERED = 10_000;
/** Journal entries that do not belong to a job and are read at a start to restore the health of the hosts. */
const REMEMBERED_BESIDE = 2_000;

export interface WatchJournalOptions
  extends Omit<MetricsOptions, 'overview' | 'versions' | 'github'>,
    Pick<RunnerVersionsOptions, 'log'> {
  github: MetricsOptions['github'] & RunnerVersionsOptions['github'];
  /** Where runners are registered. */
  scopes: readonly RunnerScope[];
  recorder: EvidenceRecorder;
  tracer: EffectTracer;
}

/**
 * Everything that reads the journal while it is written: the figures of states, the health of hosts, the
 * metrics, the traces and the evidence recorder. It starts before the first job is restored, so that no entry
 * is missed.
 */
export async function watchJournal({ recorder, tracer, log, scopes, ...options }: WatchJournalOptions) {
  const { journal, store, clock } = options;
  const stats = new PhaseStats();
  const history = new HostHistory();
  let heardLast = clock.now();
  for await (const entry of store.journal.read({ after: Math.max(0, store.journal.seq - REMEMBERED) })) {
    stats.add(entry);
    heardLast = entry.at;
  }
  const beside = [];
  for await (const entry of store.journal.read({ jobId: 0, reverse: true, limit: REMEMBERED_BESIDE }))
    beside.push(entry);
  for (const entry of beside.reverse()) history.add(entry);

  const overview = emptyOverview();
  const spans = new PhaseSpans();
  journal.subscribe((entry) => {
    applyEntry(overview, entry);
    stats.add(entry);
    history.add(entry);
    spans.add(entry);
    const context = overview.jobs.get(entry.actor)?.context;
    if (context && endsAttempt(entry)) recorder.begin(context as JobContext, entry.attempt);
  });
  const versions = new RunnerVersions({ github: options.github, scope: scopes[0], journal, clock, log });
  const metrics = new Metrics({ ...options, overview, versions });
  tracer.listen();
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
    detail: { heardLast },
    isTurn: true,
  });
  return {
    stats,
    history,
    metrics,
    versions,
    stop() {
      versions.stop();
      tracer.stop();
      metrics.stop();
    },
  };
}

/** True for the transition between the decision to give up an attempt and the deletion of its VM. */
function endsAttempt({ kind, from, to, detail }: StoredJournalEntry): boolean {
  return kind === undefined && detail !== undefined && beginsTeardown(from, to);
}
