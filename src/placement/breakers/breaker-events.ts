import type { BreakerAbout, BreakerEvent } from '../../../machines/breaker.ts';
import type { Failure, FailureCode } from '../../../machines/failure.ts';
import type { JobContext } from '../../../machines/job/context.ts';
import { scopeName } from '../../github/runners/runner-scope.ts';

/** What has to be remembered of an actor's attempt between two transitions. */
export interface AttemptSeen {
  host: string;
  /** The profile that its VM is made with. */
  profile: string;
  /** Where its runner is registered; null before it has one. */
  scope: string | null;
  jobId: number;
  failure: Failure | null;
  /** Whether its success or failure was already reported. */
  isTold: boolean;
}

/** What is reported to one breaker. */
export interface BreakerNews {
  about: BreakerAbout;
  name: string;
  event: BreakerEvent;
}

export interface BreakerEvents {
  /** Null between attempts. */
  seen: AttemptSeen | null;
  events: BreakerNews[];
}

/** The name of a profile on one host. */
export const pairName = (host: string, profile: string) => `${profile} on ${host}`;

/** Failures that a person has to fix where runners are registered. */
const OF_REGISTRATION: readonly FailureCode[] = [
  'GITHUB_PERMISSION_MISSING',
  'GITHUB_NOT_FOUND',
  'GITHUB_CREDENTIALS_REFUSED',
  'GITHUB_REDIRECTED',
  'GITHUB_REQUEST_REFUSED',
  'RUNNER_GROUP_UNKNOWN',
];

/** Failures that say nothing about host and image, although they may be blamed on one. */
const OF_NOTHING: readonly FailureCode[] = [
  'HOST_LOST',
  'HOST_FULL',
  'IMAGE_NOT_READY',
  'RUNNER_CONFIG_LOST',
  'RUNNER_UNUSED',
  'RUNNER_DIED',
  'RUNNER_LOST_CONTACT',
  'LIFETIME_EXCEEDED',
  'PROFILE_DIFFERS',
];

/** Failures that an operator has to fix and that concern one host. */
const OF_THE_HOST: readonly FailureCode[] = [
  'AGENT_TOKEN_REFUSED',
  'AGENT_CAPABILITY_MISSING',
  'VM_RESIZE_FAILED',
];

/** The kind of breaker to which a failed attempt is reported; null for none. */
export function blamedBreaker({ code, blame }: Failure): 'github' | 'registration' | 'pair' | null {
  if (OF_REGISTRATION.includes(code)) return 'registration';
  if (OF_THE_HOST.includes(code)) return 'pair';
  if (OF_NOTHING.includes(code)) return null;
  if (blame === 'github') return 'github';
  return blame === 'job' || blame === 'operator' ? null : 'pair';
}

/**
 * What a transition reports to the breakers of all that its attempt uses. A failure is reported for host and
 * image together: other attempts show which of the two it was. `isOnline`: its runner has been online, or its
 * VM waits ready for one.
 */
export function breakerEvents(
  before: AttemptSeen | null,
  { job, vm, runner, failure }: JobContext,
  isOnline: boolean,
): BreakerEvents {
  if (vm === null) return { seen: null, events: attemptEnded(before) };
  const scope = runner && scopeName(runner.scope);
  const seen: AttemptSeen = {
    host: vm.host,
    profile: vm.profile,
    scope,
    jobId: job.id,
    failure,
    isTold: before?.isTold ?? false,
  };
  const began: BreakerNews[] = before === null ? all(seen, BEGAN) : [];
  if (before !== null && before.scope === null && scope !== null)
    began.push({ about: 'registration', name: scope, event: BEGAN });
  if (seen.isTold) return { seen, events: [] };
  if (isOnline) return { seen: { ...seen, isTold: true }, events: [...began, ...all(seen, SERVED)] };
  // In an exchange the failure arrives together with another job.
  const hasFailed = failure !== null && failure !== before?.failure && before?.jobId === job.id;
  if (!hasFailed) return { seen, events: began };
  const blamed = blamedBreaker(failure);
  const events = all(seen, ENDED).map((one) =>
    one.about === blamed ? { ...one, event: { type: 'attempt.failed' as const, failure } } : one,
  );
  return { seen: { ...seen, isTold: true }, events: [...began, ...events] };
}

/** What is reported of an attempt that ends without a reported failure or success. */
export function attemptEnded(seen: AttemptSeen | null): BreakerNews[] {
  return seen?.isTold === false ? all(seen, ENDED) : [];
}

const BEGAN: BreakerEvent = { type: 'attempt.began' };
const SERVED: BreakerEvent = { type: 'attempt.served' };
const ENDED: BreakerEvent = { type: 'attempt.ended' };

function all({ host, profile, scope }: AttemptSeen, event: BreakerEvent): BreakerNews[] {
  const names: [BreakerAbout, string][] = [
    ['pair', pairName(host, profile)],
    ['host', host],
    ['profile', profile],
    ['github', 'github'],
  ];
  if (scope !== null) names.push(['registration', scope]);
  return names.map(([about, name]) => ({ about, name, event }));
}
