import type { JobContext } from '../../../machines/job/context.ts';
import { beginsTeardown } from '../../../machines/job/written-state.ts';
import type { EvidenceRecorder } from '../../evidence/evidence-recorder.ts';
import type { JournalWriter } from '../../journal/journal-writer.ts';
import type { Overview } from '../../journal/overview.js';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';

export interface RecordFailuresParts {
  journal: JournalWriter;
  /** The sum of the journal. It takes each entry before this does. */
  overview: Overview;
  recorder: EvidenceRecorder;
}

/** Makes the recorder save the evidence of each attempt that fails. Returns the function that ends this. */
export function recordFailures({ journal, overview, recorder }: RecordFailuresParts): () => void {
  return journal.subscribe((entry) => {
    const context = overview.jobs.get(entry.actor)?.context;
    if (context && endsAttempt(entry)) recorder.begin(context as JobContext, entry.attempt);
  });
}

/** True for the transition between the decision to give up an attempt and the deletion of its VM. */
function endsAttempt({ kind, from, to, detail }: StoredJournalEntry): boolean {
  return kind === undefined && detail !== undefined && beginsTeardown(from, to);
}
