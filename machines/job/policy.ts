import type { Failure, FailureCode } from '../failure.ts';
import type { Pause } from '../pause.ts';

/** The operator's times and limits as the machine needs them; durations in milliseconds. */
export interface JobPolicy {
  /** `<prefix>-<controller id>`. */
  namePrefix: string;
  /** Failed attempts after which a job is reported failed. */
  maxAttempts: number;
  timeouts: {
    creating: number;
    starting: number;
    sshReady: number;
    probing: number;
    /** A warm VM that no job came for makes room after this. */
    warm: number;
    jitConfig: number;
    runnerOnline: number;
    /** An online runner that nobody gives a job is retired after this. */
    idle: number;
    /** From the job's completion to the end of its runner process, and from that to GitHub's word. */
    finishing: number;
    /** The confirmation window of law 5. */
    retireWindow: number;
    /** How long a create or a registration of which we saw no end may still take effect. */
    settle: number;
    /** Beyond the VM's own expiry, in case the agent does not act on it. */
    expiryMargin: number;
  };
  retryPause: Pause;
  /** Between looks at something that comes up by itself: a guest that boots, a runner that connects. */
  readyPause: Pause;
  blockedPause: Pause;
  teardownPause: Pause;
  attemptPause: Pause;
}

/** Failures that only say "not yet". */
const NOT_YET: readonly FailureCode[] = ['SSH_NOT_READY', 'GUEST_UNREACHABLE', 'RUNNER_NOT_ONLINE'];

/** The pause that fits a failure: what is blocked waits longest, what comes up by itself is looked for soon. */
export function pauseFor(policy: JobPolicy, { code, disposition }: Failure): Pause {
  if (disposition === 'blocked') return policy.blockedPause;
  return NOT_YET.includes(code) ? policy.readyPause : policy.retryPause;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What the config's defaults mean for the machine; tests and drawings start from it. */
export const DEFAULT_POLICY: JobPolicy = {
  namePrefix: 'gh-default',
  maxAttempts: 3,
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
  },
  retryPause: { first: 250, longest: 5 * SECOND },
  readyPause: { first: 100, longest: SECOND },
  blockedPause: { first: SECOND, longest: 30 * SECOND },
  teardownPause: { first: 500, longest: MINUTE },
  attemptPause: { first: 5 * SECOND, longest: 5 * MINUTE },
};
