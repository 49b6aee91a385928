import type { JobContext } from '../../machines/job/context.ts';
import type { JobActors } from './job-actors.ts';

/**
 * Returns the actor whose VM a person means by a job: the actor whose VM is held for the job, or else the actor of the
 * job itself; null when neither has a VM.
 */
export function vmOfJob(
  actors: Pick<JobActors, 'held' | 'holderOfJob' | 'snapshotOf'>,
  jobId: number,
): { key: string; context: JobContext } | null {
  for (const { key, snapshot } of actors.held())
    if (snapshot.context.hold?.jobId === jobId) return { key, context: snapshot.context };
  const key = actors.holderOfJob(jobId)?.key;
  const context = key === undefined ? undefined : actors.snapshotOf(key)?.context;
  return key !== undefined && context?.vm ? { key, context } : null;
}
