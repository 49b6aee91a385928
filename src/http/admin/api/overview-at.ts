import { applyEntry, emptyWorld } from '../../../journal/overview.js';
import type { Recording } from '../source/recording.ts';

/** Entries before those that are needed, for the jobs that had ended a while ago. */
const LOOK_BACK = 3_000;

/** What was true at an instant (epoch ms), or is now for null, as `/api/state` answers it. */
export async function worldAt(recording: Recording, at: number | null) {
  const newest = recording.seq();
  await recording.durable();
  const seq = at === null ? newest : await recording.seqAt(at);
  let since = seq;
  for await (const entry of recording.read({ after: seq - 1, limit: 1 })) since = entry.since ?? seq;
  const world = emptyWorld();
  const after = Math.max(0, Math.min(since, seq - LOOK_BACK) - 1);
  for await (const entry of recording.read({ after, before: seq + 1 })) applyEntry(world, entry);
  let firstAt = world.at;
  for await (const entry of recording.read({ limit: 1 })) firstAt = entry.at;
  return {
    seq,
    at: at ?? world.at,
    /** Where time travel can begin. */
    firstAt,
    jobs: [...world.jobs.values()],
    hosts: [...world.hosts.values()],
    webhooks: world.webhooks,
    breakers: [...world.breakers.values()],
    orders: world.orders,
    // One whose beginning lies before what was read cannot be told.
    ended: world.ended.filter(({ context }) => context.job !== undefined),
  };
}
