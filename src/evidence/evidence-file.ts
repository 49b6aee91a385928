import { z } from 'zod';
import type { EffectTrace } from '../effects/effect-tracer.ts';
import type { JobView } from '../jobs/job-view.ts';
import type { PhaseStat } from '../journal/phase-stats.ts';
import type { UnservedJob } from '../placement/waiting/unserved-jobs.ts';
import type { Waiting } from '../placement/waiting/waiting.ts';
import type { Store } from '../store/store.ts';
import type { KeptEvidence } from '../store/tables/evidence.ts';
import type { SettledJob } from '../store/tables/jobs/settled-jobs.ts';
import type { StoredJournalEntry } from '../store/tables/journal.ts';

/**
 * Journal entries of one file: those of the job itself, and those of the kinds that show what happened around
 * it.
 */
const MAX_JOB_ENTRIES = 3_000;
const MAX_CONTEXT_ENTRIES = 500;
const CONTEXT_KINDS = new Set<string | undefined>(['host', 'webhooks', 'breaker']);

/** One job as its own page shows it, without its journal. */
export interface JobStory {
  jobId: number;
  /** Its live actors; two while one actor tears down and the job goes on in another. */
  live: JobView[];
  /** How it ended; null while it has not. */
  settled: SettledJob | null;
  /** The VM that is kept for a person, with what ends that; null without one. Files of earlier versions lack it. */
  held?: Pick<JobView, 'vm' | 'hold'> | null;
  /** Effects under way, with the calls that they have made. */
  effects: EffectTrace[];
  waiting: Waiting | null;
  /** The job as GitHub described it, where this daemon does not serve it. */
  unserved: UnservedJob | null;
  /** What is wrong with the host of its VM, as a sentence; null where that responds. */
  hostTrouble: string | null;
  /** Attempts of which evidence was kept. */
  evidence: { attempt: number; at: number }[];
}

export interface EvidenceFile {
  format: 'jeballto-runner-evidence';
  version: 1;
  /** Epoch ms. */
  madeAt: number;
  story: JobStory;
  /** Who started its run; files of earlier versions lack it. */
  actor?: string | null;
  /** The job's entries and those of hosts, webhooks and breakers in the same time, in their order. */
  journal: StoredJournalEntry[];
  kept: KeptEvidence[];
  /** By state. */
  stats: Record<string, PhaseStat>;
}

/** The parts of a file that `replay` needs. */
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

/**
 * Everything that is known of a job in one file of bounded size and without secrets, for reading on another
 * machine.
 */
export async function createEvidenceFile({
  story,
  store,
  stats,
  madeAt,
  actor,
}: {
  story: JobStory;
  store: Pick<Store, 'durable'> & {
    journal: Pick<Store['journal'], 'read'>;
    evidence: Pick<Store['evidence'], 'of'>;
  };
  stats: Record<string, PhaseStat>;
  madeAt: number;
  actor: string | null;
}): Promise<EvidenceFile> {
  await store.durable();
  const jobEntries: StoredJournalEntry[] = [];
  for await (const entry of store.journal.read({
    jobId: story.jobId,
    limit: MAX_JOB_ENTRIES,
    reverse: true,
  })) {
    jobEntries.push(entry);
  }
  const first = jobEntries.at(-1)?.seq ?? 0;
  const last = jobEntries[0]?.seq ?? 0;
  const context: StoredJournalEntry[] = [];
  // Begins a little earlier, to include the host's state before the job was placed there.
  for await (const entry of store.journal.read({ after: Math.max(0, first - 200), before: last + 1 })) {
    if (!CONTEXT_KINDS.has(entry.kind)) continue;
    context.push(entry);
    if (context.length === MAX_CONTEXT_ENTRIES) break;
  }
  return {
    format: 'jeballto-runner-evidence',
    version: 1,
    madeAt,
    story,
    actor,
    journal: [...jobEntries, ...context].sort((a, b) => a.seq - b.seq),
    kept: await store.evidence.of(story.jobId),
    stats,
  };
}
