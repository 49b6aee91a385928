import type { BreakerEvent } from '../../machines/breaker.ts';
import type { Failure } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';

/** What has to be remembered of an actor's attempt between two transitions. */
export interface AttemptSeen {
  jobId: number;
  attemptsFailed: number;
  host: string;
  /** The profile that its VM is made with. */
  profile: string;
  /** Whether it served or failed is told already. */
  isTold: boolean;
}

export interface BreakerEvents {
  /** Null between attempts. */
  seen: AttemptSeen | null;
  /** What the things that the attempt uses are told. */
  events: { about: 'host' | 'profile'; name: string; event: BreakerEvent }[];
}

/**
 * What a transition tells of the host and the profile of its attempt. A failure counts against the one that it
 * blames; an operator's, GitHub's or the job's own counts against neither. `isOnline`: its runner has been online, or
 * its VM stands by for one.
 */
export function breakerEvents(
  before: AttemptSeen | null,
  context: JobContext,
  isOnline: boolean,
): BreakerEvents {
  const { job, vm, failure } = context;
  if (vm === null) return { seen: null, events: before?.isTold === false ? both(before, ENDED) : [] };
  const seen: AttemptSeen = {
    jobId: job.id,
    attemptsFailed: job.attemptsFailed,
    host: vm.host,
    profile: vm.profile,
    isTold: before?.isTold ?? false,
  };
  const began = before === null ? both(seen, { type: 'attempt.began' }) : [];
  if (seen.isTold) return { seen, events: [] };
  if (isOnline) {
    return { seen: { ...seen, isTold: true }, events: [...began, ...both(seen, { type: 'attempt.served' })] };
  }
  // In an exchange the count comes with another job.
  const hasFailed = before?.jobId === job.id && job.attemptsFailed > before.attemptsFailed;
  if (!hasFailed || failure === null) return { seen, events: began };
  return { seen: { ...seen, isTold: true }, events: blamed(seen, failure) };
}

const ENDED: BreakerEvent = { type: 'attempt.ended' };

function both({ host, profile }: AttemptSeen, event: BreakerEvent): BreakerEvents['events'] {
  return [
    { about: 'host', name: host, event },
    { about: 'profile', name: profile, event },
  ];
}

function blamed({ host, profile }: AttemptSeen, failure: Failure): BreakerEvents['events'] {
  const failed: BreakerEvent = { type: 'attempt.failed', failure };
  return [
    { about: 'host', name: host, event: failure.blame === 'host' ? failed : ENDED },
    { about: 'profile', name: profile, event: failure.blame === 'image' ? failed : ENDED },
  ];
}
