import type { BreakerAbout, BreakerEvent } from '../../../machines/breaker.ts';
import type { Failure, FailureCode } from '../../../machines/failure.ts';
import type { JobContext, VmImage } from '../../../machines/job/context.ts';

/** What has to be remembered of an actor's attempt between two transitions. */
export interface AttemptSeen {
  host: string;
  /** The profile that its VM is made with. */
  profile: string;
  image: VmImage | null;
  /** The version of the runner in its image, once a probe found it. */
  runnerVersion: string | null;
  /** Where its runner is or will be registered; null for a warm VM, which needs nothing of GitHub. */
  scope: string | null;
  /** Whether its runner has a name: GitHub is asked to register it. */
  isRegistering: boolean;
  jobId: number;
  failure: Failure | null;
  /** Whether its success or failure was already reported. */
  isTold: boolean;
  /** Whether its success was not reported for GitHub, because the last runners of its scope got no job. */
  isDoubted: boolean;
  /** Whether its VM is to be removed. */
  isLeaving: boolean;
}

/** How far an attempt is. */
export interface AttemptStage {
  /** Its runner is online, or its VM waits ready for a job, which shows nothing about GitHub. */
  isUp: boolean;
  /** Its VM is to be removed, so it shows no more, unless a job turns out to run in it. */
  isLeaving: boolean;
  /** Only a job shows that GitHub works, and an online runner does not. */
  isDoubted: boolean;
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
  'END_UNSEEN',
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
 * image together: other attempts show which of the two it was. A job that comes to a VM which waits ready for one
 * is an attempt of its own. The end of an attempt without a result is reported as soon as its VM is to be removed,
 * or the jobs that wait for its trial would also wait for the removal. `scope`: where a runner for its job is
 * registered; the trial of a registration begins with the VM, or each job that waits for that trial would have one
 * made.
 */
export function breakerEvents(
  before: AttemptSeen | null,
  { job, vm, runner, failure }: JobContext,
  { isUp, isLeaving, isDoubted }: AttemptStage,
  scope: string | null,
): BreakerEvents {
  if (vm === null) return { seen: null, events: attemptEnded(before) };
  const isNew = before === null || (before.isTold && before.scope === null && scope !== null);
  const seen: AttemptSeen = {
    host: vm.host,
    profile: vm.profile,
    image: vm.image,
    runnerVersion: vm.runnerVersion,
    scope,
    isRegistering: runner !== null,
    jobId: job.id,
    failure,
    // A VM that is found while it is removed tries nothing.
    isTold: isNew ? isLeaving : before.isTold,
    isDoubted: !isNew && !isLeaving && before.isDoubted,
    isLeaving,
  };
  if (seen.isTold) return { seen, events: isLeaving && before !== null ? attemptEnded(before) : [] };
  const [had, has] = [isNew ? [] : namesOf(before), namesOf(seen)];
  const began = has.filter((one) => !isAmong(had, one)).map((one) => ({ ...one, event: BEGAN }));
  const left = had.filter((one) => !isAmong(has, one)).map((one) => ({ ...one, event: ENDED }));
  const events: BreakerNews[] = [...left, ...began];
  // What was held back after this VM began is tried by it, and needs no further VM.
  if (!isNew && !before.isRegistering && seen.isRegistering && scope !== null && before.scope === scope)
    events.push({ about: 'registration', name: scope, event: BEGAN });
  if (isUp) {
    const served = all(seen, SERVED).filter(({ about }) => !isDoubted || about !== 'github');
    return { seen: { ...seen, isTold: true, isDoubted }, events: [...events, ...served] };
  }
  // In an exchange the failure arrives together with another job.
  const hasFailed = failure !== null && failure !== before?.failure && before?.jobId === job.id;
  if (!hasFailed)
    return { seen, events: isLeaving && !before?.isLeaving ? [...events, ...all(seen, ENDED)] : events };
  const blamed = blamedBreaker(failure);
  const verdicts = all(seen, ENDED).map((one) =>
    one.about === blamed ? { ...one, event: { type: 'attempt.failed' as const, failure } } : one,
  );
  return { seen: { ...seen, isTold: true }, events: [...events, ...verdicts] };
}

/** What is reported of an attempt that ends: the end of each trial for which it reported no failure or success. */
export function attemptEnded(seen: AttemptSeen | null): BreakerNews[] {
  if (seen === null) return [];
  if (!seen.isTold) return all(seen, ENDED);
  return seen.isDoubted ? [{ ...GITHUB, event: ENDED }] : [];
}

const GITHUB = { about: 'github', name: 'github' } as const;

const BEGAN: BreakerEvent = { type: 'attempt.began' };
const SERVED: BreakerEvent = { type: 'attempt.served' };
const ENDED: BreakerEvent = { type: 'attempt.ended' };

type Name = Pick<BreakerNews, 'about' | 'name'>;

const isAmong = (names: readonly Name[], { about, name }: Name): boolean =>
  names.some((one) => one.about === about && one.name === name);

function namesOf({ host, profile, scope }: AttemptSeen): Name[] {
  const names: Name[] = [
    { about: 'pair', name: pairName(host, profile) },
    { about: 'host', name: host },
    { about: 'profile', name: profile },
  ];
  if (scope === null) return names;
  return [...names, GITHUB, { about: 'registration', name: scope }];
}

const all = (seen: AttemptSeen, event: BreakerEvent): BreakerNews[] =>
  namesOf(seen).map((one) => ({ ...one, event }));
