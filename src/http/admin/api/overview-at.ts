import { applyEntry, emptyOverview } from '../../../journal/overview.js';
import type { Recording } from '../source/recording.ts';

/** Entries before those that are needed, for the jobs that had ended a while ago. */
const LOOK_BACK = 3_000;

/** What was true at an instant (epoch ms), or is now for null, as `/api/state` answers it. */
export async function overviewAt(recording: Recording, at: number | null) {
  const newest = recording.seq();
  await recording.durable();
  const seq = at === null ? newest : await recording.seqAt(at);
  let since = seq;
  for await (const entry of recording.read({ after: seq - 1, limit: 1 })) since = entry.since ?? seq;
  const overview = emptyOverview();
  const after = Math.max(0, Math.min(since, seq - LOOK_BACK) - 1);
  for await (const entry of recording.read({ after, before: seq + 1 })) applyEntry(overview, entry);
  let firstAt = overview.at;
  for await (const entry of recording.read({ limit: 1 })) firstAt = entry.at;
  return {
    seq,
    at: at ?? overview.at,
    /** Where time travel can begin. */
    firstAt,
    jobs: [...overview.jobs.values()],
    hosts: [...overview.hosts.values()],
    webhooks: overview.webhooks,
    breakers: [...overview.breakers.values()],
    orders: overview.orders,
    // One whose beginning lies before what was read cannot be told.
    ended: overview.ended.filter(({ context }) => context.job !== undefined),
  };
}
