import { type Job, NO_JOB } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { Holder } from '../jobs/holder.ts';
import { jobFrom } from '../jobs/new-job.ts';

/** What routing asks about the live actors and the finished jobs. */
export interface Known {
  holderOfJob(jobId: number): Holder | null;
  holderOfRunner(runnerName: string): Holder | null;
  /** The next job for the VM of an actor whose own job is over; null when the VM cannot serve another job. */
  nextJobFor(holder: Holder): Holder | null;
  isSettled(jobId: number): boolean;
  /**
   * The job is settled, but GitHub did not say that it ended: if GitHub lists it as queued, it has not ended.
   */
  isEndUntold(jobId: number): boolean;
  /** VMs that a settled job had whose end this tells; null for every other job. */
  attemptsOfUnknownEnd(seen: JobObservation): number | null;
  /** The name has the form that this controller gives, even when no actor owns it any more. */
  isOurs(runnerName: string): boolean;
  profileFor(labels: string[]): string | null;
}

export type RoutingStep =
  | { do: 'create'; job: Job }
  | { do: 'tell'; key: string; event: JobEvent }
  | { do: 'noteUnmatched' }
  /** A job whose end GitHub did not report is served again, since GitHub has it queued (law 11). */
  | { do: 'unsettle'; jobId: number }
  /**
   * The job has left the queue and has no actor. It is remembered, so that a late `queued` does not boot a VM
   * for it (law 6). `hasStory`: it had an actor before, so that its story has to end, too.
   */
  | { do: 'settle'; job: Job; hasStory: boolean };

/**
 * Returns what an observation changes, as steps that are carried out in one synchronous run, so that they are stored in
 * one batch. A job that one of our runners took goes to that runner's actor. If another actor had the job, the two
 * exchange jobs (law 4). If no actor had it, or one whose VM is being deleted, the job for which that runner was
 * started goes on in a fresh actor, or needs nothing more from us.
 */
export function routeObservation(seen: JobObservation, known: Known): RoutingStep[] {
  const holder = known.holderOfJob(seen.jobId);
  const here = seen.runnerName === null ? null : known.holderOfRunner(seen.runnerName);

  if (seen.status === 'waiting') return [];
  if (seen.status === 'queued') return holder ? stillQueued(seen, holder) : arrival(seen, known);
  if (seen.status === 'in_progress') {
    if (here)
      return holder?.key === here.key
        ? [tell(here, { type: 'job.started' })]
        : exchange(seen, here, holder, known);
    if (seen.runnerName === null) return [];
    const by = { runner: seen.runnerName, isOurs: known.isOurs(seen.runnerName) };
    return holder ? leave(holder, seen, { type: 'job.takenElsewhere', by }, known) : passage(seen, known);
  }
  const { conclusion } = seen;
  if (here && holder?.key !== here.key) return exchange(seen, here, holder, known);
  const by = takenBy(seen, known);
  const completed: JobEvent = {
    type: 'job.completed',
    conclusion,
    here: here !== null,
    ...(by && !here && { by }),
  };
  return holder ? leave(holder, seen, completed, known) : passage(seen, known);
}

/** A webhook may be older than what the guest says; a poll that asked GitHub knows the present state. */
function stillQueued({ source }: JobObservation, holder: Holder): RoutingStep[] {
  return holder.mayBeBusy && source !== 'webhook' ? [tell(holder, { type: 'job.stillQueued' })] : [];
}

function arrival(seen: JobObservation, known: Known): RoutingStep[] {
  const profile = known.profileFor(seen.labels);
  const isSettled = known.isSettled(seen.jobId);
  if (isSettled && (seen.source === 'webhook' || profile === null || !known.isEndUntold(seen.jobId)))
    return [];
  if (profile === null) return [{ do: 'noteUnmatched' }];
  const create: RoutingStep = { do: 'create', job: jobFrom(seen, profile) };
  return isSettled ? [{ do: 'unsettle', jobId: seen.jobId }, create] : [create];
}

/**
 * A job that started or ended without an actor. When it runs on a runner of ours whose record was lost, the
 * collector handles it. When its actor ended before GitHub said how the job ended, that is settled now.
 */
function passage(seen: JobObservation, known: Known): RoutingStep[] {
  const profile = known.profileFor(seen.labels);
  if (profile === null) return [];
  if (known.isSettled(seen.jobId)) {
    const attempt = known.attemptsOfUnknownEnd(seen);
    if (attempt === null || seen.conclusion === null) return [];
    const job = { ...jobFrom(seen, profile, takenBy(seen, known)), attempt };
    return [{ do: 'settle', job, hasStory: true }];
  }
  const isOurs = seen.runnerName !== null && known.isOurs(seen.runnerName);
  const job = jobFrom(seen, profile, takenBy(seen, known));
  return isOurs ? [] : [{ do: 'settle', job, hasStory: false }];
}

/** Our job no longer needs a VM: a VM that still boots goes on with the next job of its profile. */
function leave(holder: Holder, seen: JobObservation, event: JobEvent, known: Known): RoutingStep[] {
  const heir = known.nextJobFor(holder);
  if (!heir) return [tell(holder, event)];
  const { status, conclusion } = seen;
  return swap(holder, heir, {
    ...holder.job,
    status,
    conclusion: holder.job.conclusion ?? conclusion,
    takenBy: takenBy(seen, known) ?? holder.job.takenBy,
  });
}

/** Exchanges the two jobs; the actor of the next job ends with the job that is over. */
function swap(holder: Holder, heir: Holder, over: Job): RoutingStep[] {
  return [
    tell(holder, { type: 'job.exchanged', job: heir.job, here: false }),
    tell(heir, { type: 'job.exchanged', job: over, here: false }),
  ];
}

/** The runner that took the job; null when GitHub names none. */
function takenBy({ runnerName: runner }: JobObservation, known: Known): Job['takenBy'] {
  return runner === null ? null : { runner, isOurs: known.isOurs(runner) };
}

function exchange(seen: JobObservation, here: Holder, holder: Holder | null, known: Known): RoutingStep[] {
  const ran: Job = {
    ...(holder?.job ?? jobFrom(seen, here.vmProfile ?? here.job.profile)),
    status: seen.status,
    conclusion: seen.conclusion,
  };
  const steps: RoutingStep[] = [tell(here, { type: 'job.exchanged', job: ran, here: true })];
  const left = here.job;
  const heir = holder && left.status !== 'queued' ? known.nextJobFor(holder) : null;
  if (holder && heir) return [...steps, ...swap(holder, heir, left)];
  if (holder && !holder.isLeaving)
    return [...steps, tell(holder, { type: 'job.exchanged', job: left, here: false })];
  if (holder) steps.push(tell(holder, { type: 'job.released' }));
  // A VM whose job already went on elsewhere has no job to give back.
  if (left.id !== NO_JOB)
    steps.push(
      left.status === 'queued' ? { do: 'create', job: left } : { do: 'settle', job: left, hasStory: true },
    );
  return steps;
}

function tell(holder: Holder, event: JobEvent): RoutingStep {
  return { do: 'tell', key: holder.key, event };
}
