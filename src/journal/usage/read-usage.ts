import { inPieces } from '../in-pieces.ts';
import { type Recording, seqBefore } from '../recording.ts';
import type { UsageBy } from './usage-by.js';
import { UsageFold, type UsageRange } from './usage-fold.ts';
import type { Usage } from './usage-tally.ts';

export interface UsageAnswer extends UsageRange {
  by: UsageBy;
  /** Epoch ms of the first entry of the journal: what was before is not in the figures. Null for an empty journal. */
  firstAt: number | null;
  rows: Usage[];
  total: Usage;
}

/**
 * Who used the hosts in a time range that is not in the future. Reads all of the journal that is in it, some
 * entries at a time, so that jobs, webhooks and other readers go on; an abort ends it with the signal's
 * reason. `githubAhead`: by how many milliseconds GitHub's clock is ahead of ours.
 */
export async function readUsage(
  recording: Recording,
  by: UsageBy,
  { since, until }: UsageRange,
  githubAhead: number,
  signal: AbortSignal,
): Promise<UsageAnswer> {
  await recording.durable();
  let firstAt: number | null = null;
  for await (const entry of recording.read({ limit: 1 })) firstAt = entry.at;
  const after = await seqBefore(recording, await recording.seqAt(since));
  const fold = new UsageFold({ since, until }, by, githubAhead);
  for await (const entry of inPieces(recording.read({ after }), signal)) {
    if (entry.at >= until) break;
    fold.add(entry);
  }
  return { since, until, by, firstAt, ...fold.result() };
}
