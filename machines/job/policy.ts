import type { Failure, FailureCode } from '../failure.ts';
import { type Pause, pauseAfter } from '../pause.ts';
import type { RunnerScope } from './context.ts';

/** The operator's times and limits as the machine needs them; durations in milliseconds. */
export interface JobPolicy {
  /** `<prefix>-<controller id>`. */
  namePrefix: string;
  /** Failed attempts after which a job is tried at a slower pace. */
  maxAttempts: number;
  /** Where runners are registered. */
  runnerScope: RunnerScope['kind'];
  /** By profile, for how long the VM of a failed attempt or job is held; profiles that hold none are left out. */
  holdFailed: Readonly<Record<string, number>>;
  timeouts: {
    creating: number;
    starting: number;
    sshReady: number;
    probing: number;
    /** A warm VM without a job is removed after this. */
    warm: number;
    jitConfig: number;
    runnerOnline: number;
    /** An online runner that gets no job is retired after this. */
    idle: number;
    /** From the job's completion to the end of its runner process, and from that to GitHub's answer. */
    finishing: number;
    /** The confirmation window of law 5. */
    retireWindow: number;
    /** How long a create or a registration with an unknown outcome may still take effect. */
    settle: number;
    /** From the VM's expiry to our own action, in case the agent does not power the VM off. */
    expiryMargin: number;
    /** A guest that gave no answer for so long is silent: GitHub is asked for its runner. */
    silence: number;
    /** A runner whose removal failed for so long is left to the collector. */
    removal: number;
    /**
     * From GitHub's first answer that our job is queued, while the guest has another job, to the answer that is
     * believed.
     */
    otherJob: number;
  };
  retryPause: Pause;
  /** Between tries at something that becomes ready by itself: a guest that boots, a runner that connects. */
  readyPause: Pause;
  blockedPause: Pause;
  teardownPause: Pause;
  /** Before the next VM of a job whose attempts failed; the second one from `maxAttempts` failures on. */
  attemptPause: Pause;
  slowAttemptPause: Pause;
  /** Before the next VM of a job whose runner GitHub gave no job. */
  unusedPause: Pause;
  /** Between questions to GitHub while a guest is silent. */
  silentPause: Pause;
}

export interface JobMachineOptions {
  policy: JobPolicy;
  /** Epoch ms; every instant in the context is computed from it. */
  now: () => number;
}

/** Failures that only say "not yet". */
const NOT_YET: readonly FailureCode[] = ['SSH_NOT_READY', 'GUEST_UNREACHABLE', 'RUNNER_NOT_ONLINE'];

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/**
 * What becomes ready by itself is noticed late by at most this part of its time. With a question each second, a guest
 * that never comes up fills the journal with two entries a second.
 */
const LATE_BY = 1 / 30;
const LONGEST_READY_PAUSE = 15 * SECOND;

/**
 * Returns the milliseconds before the next try: most when blocked, least for what becomes ready by itself. `tries` are
 * the failed tries of the phase before this one, `waited` the milliseconds since its start.
 */
export function pauseFor(
  policy: JobPolicy,
  { code, disposition }: Failure,
  { tries, waited }: { tries: number; waited: number },
): number {
  if (disposition === 'blocked') return pauseAfter(policy.blockedPause, tries);
  if (!NOT_YET.includes(code)) return pauseAfter(policy.retryPause, tries);
  const share = Math.min(LONGEST_READY_PAUSE, Math.round(waited * LATE_BY));
  return Math.max(share, pauseAfter(policy.readyPause, tries));
}

/** The policy of the config's defaults; tests and drawings use it. */
export const DEFAULT_POLICY: JobPolicy = {
  namePrefix: 'gh-default',
  maxAttempts: 3,
  runnerScope: 'repository',
  holdFailed: {},
  timeouts: {
    creating: 120 * MINUTE,
    starting: 5 * MINUTE,
    sshReady: 10 * MINUTE,
    probing: 2 * MINUTE,
    warm: 60 * MINUTE,
    jitConfig: 5 * MINUTE,
    runnerOnline: 5 * MINUTE,
    idle: 5 * MINUTE,
    finishing: MINUTE,
    retireWindow: 30 * SECOND,
    settle: 2 * MINUTE,
    expiryMargin: 5 * MINUTE,
    silence: MINUTE,
    removal: 60 * MINUTE,
    otherJob: MINUTE,
  },
  retryPause: { first: 250, longest: 5 * SECOND },
  readyPause: { first: 100, longest: SECOND },
  blockedPause: { first: SECOND, longest: 30 * SECOND },
  teardownPause: { first: 500, longest: MINUTE },
  attemptPause: { first: 5 * SECOND, longest: 5 * MINUTE },
  slowAttemptPause: { first: 5 * MINUTE, longest: 60 * MINUTE },
  unusedPause: { first: 30 * SECOND, longest: 60 * MINUTE },
  silentPause: { first: 30 * SECOND, longest: 5 * MINUTE },
};
