import { z } from 'zod';
import type { EffectTrace } from '../effects/effect-tracer.ts';
import type { JobView } from '../jobs/job-view.ts';
import type { PhaseStat } from '../journal/phase-stats.ts';
import type { Waiting } from '../placement/why-waiting.ts';
import type { Store } from '../store/store.ts';
import type { KeptEvidence } from '../store/tables/evidence.ts';
import type { StoredJournalEntry } from '../store/tables/journal.ts';
import type { SettledJob } from '../store/tables/settled-jobs.ts';

/** Entries of the job, and of what stood beside it, that one file holds. */
const MOST_ENTRIES = 3_000;
const MOST_BESIDE = 500;
const BESIDE = new Set<string | undefined>(['host', 'webhooks', 'breaker']);

/** One job as its own page tells it, beside its journal. */
export interface JobStory {
  jobId: number;
  /** Its actors that live; two while one tears down and the job goes on in another. */
  live: JobView[];
  /** How it ended; null while it has not. */
  settled: SettledJob | null;
  /** Effects under way, with the calls that they have made. */
  effects: EffectTrace[];
  waiting: Waiting | null;
  /** Attempts of which evidence was kept. */
  evidence: { attempt: number; at: number }[];
}

export interface EvidenceFile {
  format: 'jeballto-runner-evidence';
  version: 1;
  /** Epoch ms. */
  madeAt: number;
  story: JobStory;
  /** The job's entries and those of hosts, webhooks and breakers meanwhile, in their order. */
  journal: StoredJournalEntry[];
  kept: KeptEvidence[];
  /** By state. */
  stats: Record<string, PhaseStat>;
}

/** What `replay` needs of a file that somebody sent. */
export const evidenceSchema = z.looseObject({
  format: z.literal('jeballto-runner-evidence'),
  version: z.literal(1),
  story: z.looseObject({ jobId: z.number(), live: z.array(z.looseObject({})) }),
  journal: z.array(
    z.looseObject({ at: z.number(), actor: z.string(), event: z.string(), from: z.string(), to: z.string() }),
  ),
  kept: z.array(z.looseObject({})),
  stats: z.looseObject({}),
});

/** Everything that is known of a job in one piece, of bounded size and without secrets, for somebody elsewhere. */
export async function evidenceFile({
  story,
  store,
  stats,
  madeAt,
}: {
  story: JobStory;
  store: Store;
  stats: Record<string, PhaseStat>;
  madeAt: number;
}): Promise<EvidenceFile> {
  await store.durable();
  const ofJob: StoredJournalEntry[] = [];
  for await (const entry of store.journal.read({ jobId: story.jobId, limit: MOST_ENTRIES, reverse: true })) {
    ofJob.push(entry);
  }
  const first = ofJob.at(-1)?.seq ?? 0;
  const last = ofJob[0]?.seq ?? 0;
  const beside: StoredJournalEntry[] = [];
  // A little earlier as well: how a host looked before the job came to it.
  for await (const entry of store.journal.read({ after: Math.max(0, first - 200), before: last + 1 })) {
    if (!BESIDE.has(entry.kind)) continue;
    beside.push(entry);
    if (beside.length === MOST_BESIDE) break;
  }
  return {
    format: 'jeballto-runner-evidence',
    version: 1,
    madeAt,
    story,
    journal: [...ofJob, ...beside].sort((a, b) => a.seq - b.seq),
    kept: await store.evidence.of(story.jobId),
    stats,
  };
}
