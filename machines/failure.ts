export const BLAMES = ['us', 'host', 'image', 'github', 'job', 'operator'] as const;

/** Who has to act so that a failure does not come again. */
export type Blame = (typeof BLAMES)[number];

/**
 * What the machine does next with a failure:
 * `retry` the same effect until the phase's deadline; `blocked` waits without the deadline running (a full
 * host, a rate limit: nobody's failure); `giveUp` ends the attempt in teardown.
 */
export type Disposition = (typeof DISPOSITIONS)[number];

export const DISPOSITIONS = ['retry', 'blocked', 'giveUp'] as const;

const CODES = {
  HOST_UNREACHABLE: ['host', 'retry'],
  HOST_BUSY: ['host', 'retry'],
  HOST_MAINTENANCE: ['operator', 'blocked'],
  HOST_LOST: ['host', 'giveUp'],
  HOST_DRAINED: ['operator', 'giveUp'],
  HOST_UNKNOWN: ['operator', 'giveUp'],
  AGENT_TOKEN_REFUSED: ['operator', 'retry'],
  AGENT_REQUEST_REFUSED: ['us', 'giveUp'],
  AGENT_ERROR: ['host', 'retry'],
  AGENT_CAPABILITY_MISSING: ['operator', 'giveUp'],
  VM_LIMIT_REACHED: ['host', 'blocked'],
  HOST_FULL: ['host', 'giveUp'],
  VM_BUSY: ['host', 'retry'],
  VM_NOT_FOUND: ['host', 'giveUp'],
  VM_CREATE_FAILED: ['host', 'giveUp'],
  BASE_UNUSABLE: ['host', 'retry'],
  VM_NAME_TAKEN: ['us', 'retry'],
  VM_RESIZE_FAILED: ['operator', 'giveUp'],
  VM_START_FAILED: ['host', 'giveUp'],
  VM_VANISHED: ['host', 'giveUp'],
  VM_MAY_APPEAR: ['host', 'retry'],
  IMAGE_INVALID: ['image', 'giveUp'],
  IMAGE_NOT_READY: ['host', 'giveUp'],
  IMAGE_PULL_FAILED: ['image', 'retry'],
  REGISTRY_UNREACHABLE: ['host', 'retry'],
  SSH_NOT_READY: ['host', 'retry'],
  SSH_FORWARDING_FAILED: ['host', 'retry'],
  GUEST_UNREACHABLE: ['image', 'retry'],
  GUEST_LOGIN_REFUSED: ['image', 'retry'],
  GUEST_IDENTITY_CHANGED: ['host', 'giveUp'],
  GUEST_TOOL_MISSING: ['image', 'giveUp'],
  GUEST_COMMAND_FAILED: ['image', 'retry'],
  GUEST_CLOCK_WRONG: ['image', 'retry'],
  RUNNER_CONFIGURATION_FAILED: ['image', 'giveUp'],
  RUNNER_NOT_ONLINE: ['host', 'retry'],
  RUNNER_CANNOT_CONNECT: ['host', 'retry'],
  RUNNER_EXITED: ['image', 'giveUp'],
  RUNNER_DIED: ['image', 'giveUp'],
  RUNNER_LOST_CONTACT: ['host', 'giveUp'],
  END_UNSEEN: ['host', 'giveUp'],
  RUNNER_DEPRECATED: ['image', 'giveUp'],
  RUNNER_CONFIG_LOST: ['us', 'giveUp'],
  RUNNER_NAME_TAKEN: ['us', 'giveUp'],
  RUNNER_UNUSED: ['github', 'giveUp'],
  RUNNER_MAY_APPEAR: ['github', 'retry'],
  RUNNER_BUSY: ['github', 'retry'],
  JIT_UNSUPPORTED: ['github', 'retry'],
  RUNNER_GROUP_UNKNOWN: ['operator', 'giveUp'],
  REPOSITORY_UNKNOWN: ['operator', 'giveUp'],
  REPOSITORY_GONE: ['operator', 'giveUp'],
  JOB_NO_LONGER_QUEUED: ['job', 'giveUp'],
  JOB_OUTCOME_UNKNOWN: ['github', 'retry'],
  PROFILE_UNKNOWN: ['operator', 'giveUp'],
  PROFILE_DIFFERS: ['us', 'giveUp'],
  LIFETIME_EXCEEDED: ['job', 'giveUp'],
  PHASE_TIMED_OUT: ['host', 'giveUp'],
  GITHUB_UNREACHABLE: ['github', 'retry'],
  GITHUB_REDIRECTED: ['operator', 'giveUp'],
  GITHUB_RATE_LIMITED: ['github', 'blocked'],
  GITHUB_CREDENTIALS_REFUSED: ['operator', 'giveUp'],
  GITHUB_PERMISSION_MISSING: ['operator', 'giveUp'],
  GITHUB_NOT_FOUND: ['operator', 'giveUp'],
  GITHUB_REQUEST_REFUSED: ['us', 'giveUp'],
  GITHUB_ERROR: ['github', 'retry'],
  OPERATOR_CANCELLED: ['operator', 'giveUp'],
  OPERATOR_FORGOT: ['operator', 'giveUp'],
  UNEXPECTED: ['us', 'retry'],
} as const satisfies Record<string, readonly [Blame, Disposition]>;

/** The closed union of everything that can go wrong with a job (law 10). */
export type FailureCode = keyof typeof CODES;

/** A failure as it is in snapshots, the journal and the API: plain JSON without a secret or a stack. */
export interface Failure {
  code: FailureCode;
  blame: Blame;
  disposition: Disposition;
  /** One sentence for a person: what was tried, what the answer was, and how to fix it. */
  message: string;
  /** Epoch ms before which a further try is useless (a `retry-after`, a rate-limit reset). */
  retryAt: number | null;
}

export const FAILURE_CODES = Object.keys(CODES) as FailureCode[];

/** Builds a failure with the blame and disposition that its code implies. */
export function failure(code: FailureCode, message: string, retryAt: number | null = null): Failure {
  const [blame, disposition] = CODES[code];
  return { code, blame, disposition, message, retryAt };
}

/** Reads the failure that a rejected effect carries; any other error becomes `UNEXPECTED`, a fault of ours. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Error && 'failure' in error) return error.failure as Failure;
  return failure('UNEXPECTED', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
