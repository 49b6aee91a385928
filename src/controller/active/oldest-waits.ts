import type { JobActors } from '../../jobs/job-actors.ts';

/**
 * For each profile, since when its oldest job without a slot waits, in epoch ms on our clock. `githubAhead`: by
 * how many milliseconds GitHub's clock, which dates the jobs, is ahead of ours.
 */
export function oldestWaits(
  actors: Pick<JobActors, 'inQueue'>,
  githubAhead: number,
): { profile: string; since: number }[] {
  const oldest = new Map<string, number>();
  for (const { snapshot } of actors.inQueue()) {
    const { profile, status, queuedAt } = snapshot.context.job;
    if (status === 'queued') oldest.set(profile, Math.min(queuedAt, oldest.get(profile) ?? Infinity));
  }
  return [...oldest].map(([profile, queuedAt]) => ({ profile, since: queuedAt - githubAhead }));
}
