import type { Job } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import type { JobObservation } from '../intake/job-observation.ts';

/** What routing needs to know of a live actor. */
export interface Holder {
  key: string;
  job: Job;
  /** Profile of its VM; null without one. */
  vmProfile: string | null;
}

/** The live actors and the finished jobs as routing asks for them. */
export interface Known {
  holderOfJob(jobId: number): Holder | null;
  holderOfRunner(runnerName: string): Holder | null;
  isSettled(jobId: number): boolean;
  /** The name is one that this controller gives, whether or not an actor still owns it. */
  isOurs(runnerName: string): boolean;
  profileFor(labels: string[]): string | null;
}

export type RoutingStep =
  | { do: 'create'; job: Job }
  | { do: 'tell'; key: string; event: JobEvent }
  | { do: 'noteUnmatched' }
  /** The job is past its queue without us: remembered, so that a late `queued` boots no VM for it (law 6). */
  | { do: 'settle' };

/**
 * What an observation changes, as steps to be taken in one synchronous stretch, so that they are stored in one
 * batch. A job that a runner of ours has goes to that runner's actor: if another actor held it, the two swap
 * jobs (law 4); if nobody did, the job which that runner was started for goes on in a fresh actor.
 */
export function routeObservation(seen: JobObservation, known: Known): RoutingStep[] {
  const holder = known.holderOfJob(seen.jobId);
  const here = seen.runnerName === null ? null : known.holderOfRunner(seen.runnerName);

  if (seen.status === 'waiting') return [];
  if (seen.status === 'queued') return holder ? [] : arrival(seen, known);
  if (seen.status === 'in_progress') {
    if (here)
      return holder?.key === here.key ? [tell(here, { type: 'job.started' })] : exchange(seen, here, holder);
    if (seen.runnerName === null) return [];
    return holder ? [tell(holder, { type: 'job.takenElsewhere' })] : passage(seen, known);
  }
  const { conclusion } = seen;
  if (here && holder?.key !== here.key) return exchange(seen, here, holder);
  return holder
    ? [tell(holder, { type: 'job.completed', conclusion, here: here !== null })]
    : passage(seen, known);
}

function arrival(seen: JobObservation, known: Known): RoutingStep[] {
  if (known.isSettled(seen.jobId)) return [];
  const profile = known.profileFor(seen.labels);
  return profile === null ? [{ do: 'noteUnmatched' }] : [{ do: 'create', job: jobFrom(seen, profile) }];
}

/** A job that went on without an actor. On a runner of ours whose record was lost it is left to the collector. */
function passage(seen: JobObservation, known: Known): RoutingStep[] {
  if (known.isSettled(seen.jobId) || known.profileFor(seen.labels) === null) return [];
  return seen.runnerName !== null && known.isOurs(seen.runnerName) ? [] : [{ do: 'settle' }];
}

function exchange(seen: JobObservation, here: Holder, holder: Holder | null): RoutingStep[] {
  const ran: Job = {
    ...(holder?.job ?? jobFrom(seen, here.vmProfile ?? here.job.profile)),
    status: seen.status,
    conclusion: seen.conclusion,
  };
  const steps: RoutingStep[] = [tell(here, { type: 'job.exchanged', job: ran, here: true })];
  if (holder) steps.push(tell(holder, { type: 'job.exchanged', job: here.job, here: false }));
  else if (here.job.status === 'queued') steps.push({ do: 'create', job: here.job });
  return steps;
}

function tell(holder: Holder, event: JobEvent): RoutingStep {
  return { do: 'tell', key: holder.key, event };
}

/** A job as it begins its life with us. */
export function jobFrom(seen: JobObservation, profile: string): Job {
  return {
    id: seen.jobId,
    runId: seen.runId,
    runAttempt: seen.runAttempt,
    owner: seen.owner,
    repository: seen.repository,
    workflow: seen.workflow,
    name: seen.name,
    url: seen.url,
    labels: seen.labels,
    profile,
    status: seen.status,
    conclusion: seen.conclusion,
    queuedAt: seen.queuedAt,
    namesTaken: 0,
    attemptsFailed: 0,
    notBefore: 0,
  };
}
