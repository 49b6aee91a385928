import type { FailureCode } from '../../machines/failure.ts';
import { DaemonError } from '../errors.ts';
import type { PullOperation } from './agent-responses.ts';

/** One request to an agent, as messages name it. */
export interface AgentCall {
  /** The host's name in the config. */
  host: string;
  /** What the call is for, as a verb and its object: `start VM 5FE2…`. */
  what: string;
  method: string;
  /** Below the base URL, with the query. */
  path: string;
}

/** The agent's error response. It is the `cause` of the error, so that a caller can test for one exact response. */
interface ErrorResponse {
  status: number;
  code: string;
}

type Verdict = readonly [FailureCode, fix: string];

const BAD_IMAGE: Verdict = [
  'IMAGE_INVALID',
  'Correct image of the label in the config, or build the image again.',
];
const PULL_AGAIN: Verdict = [
  'IMAGE_PULL_FAILED',
  'The pull is tried again. If this lasts, check that the image exists and that the Mac may read it.',
];
const BAD_SIZE: Verdict = [
  'VM_RESIZE_FAILED',
  "Correct cpu, memory and disk of the profile: a disk only grows, and the rest must fit this Mac's own CPUs and memory.",
];
const NO_REGISTRY: Verdict = [
  'REGISTRY_UNREACHABLE',
  'The host cannot reach the image registry: check its network and its proxy. It is tried again.',
];
const NO_SSH_YET: Verdict = ['SSH_NOT_READY', 'The guest has no address yet; it is asked again.'];

/**
 * Keys are `METHOD status CODE`, `status CODE`, `CODE` or `status`; the most exact one decides. Agent source:
 * its error table, APIRouteErrorMapper and the routes of release 1.0.0-beta.1. One code may mean two things
 * there (409 INVALID_STATE is both "busy" and "wrong state"), so the state has to be read again.
 */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  '401': [
    'AGENT_TOKEN_REFUSED',
    'Copy the API token from the menu bar of the agent into the token of this host in the config.',
  ],
  MAINTENANCE_IN_PROGRESS: [
    'HOST_MAINTENANCE',
    'The host is being wiped or reset; the daemon goes on when that has ended.',
  ],
  '429': ['HOST_BUSY', 'The agent has too many requests at once; it is tried again.'],
  '503': ['HOST_BUSY', 'The agent cannot take the request now; it is tried again.'],
  IMAGE_IN_USE: ['HOST_BUSY', 'The image is being copied, pushed or deleted; it is tried again.'],
  VM_LIMIT_REACHED: [
    'VM_LIMIT_REACHED',
    'Every VM slot of this Mac is in use; the daemon waits for a free one.',
  ],
  INVALID_STATE: [
    'VM_BUSY',
    'Another operation uses the VM, or its state does not allow this; it is tried again.',
  ],
  CAPABILITY_UNAVAILABLE: [
    'AGENT_CAPABILITY_MISSING',
    'The owner of the Mac: turn this feature on there; "jeballto-runner check" shows what the agent says about it.',
  ],
  SSH_NOT_CONFIGURED: NO_SSH_YET,
  '409 SSH_ENABLE_FAILED': NO_SSH_YET,
  SSH_ENABLE_FAILED: [
    'SSH_FORWARDING_FAILED',
    "Look for another program on the agent's SSH ports, and allow the agent Local Network in the privacy settings of macOS.",
  ],
  '400 CREATE_FAILED': [
    'IMAGE_INVALID',
    'The image needs more CPUs or memory than this Mac allows for a VM: build one that needs less.',
  ],
  CREATE_FAILED: [
    'VM_CREATE_FAILED',
    'See the log of the agent for the cause; often the disk of the Mac is full.',
  ],
  CLONE_FAILED: ['BASE_UNUSABLE', 'See the log of the agent for the cause.'],
  'PATCH 400 INVALID_REQUEST': BAD_SIZE,
  UPDATE_VM_FAILED: BAD_SIZE,
  // The VM may be running: the agent also sends this when the VM started but its state could not be saved.
  START_FAILED: ['VM_START_FAILED', 'The VM is deleted, and another one is created.'],
  EXECUTE_TIMEOUT: ['GUEST_COMMAND_FAILED', 'The command may have run; the guest is asked again.'],
  INVALID_REFERENCE: BAD_IMAGE,
  INVALID_IMAGE: BAD_IMAGE,
  UNSUPPORTED_IMAGE_FORMAT: BAD_IMAGE,
  IMAGE_NOT_FOUND: PULL_AGAIN,
  IMAGE_OPERATION_NOT_FOUND: PULL_AGAIN,
  IMAGE_PULL_CANCELLED: PULL_AGAIN,
  IMAGE_PULL_FAILED: PULL_AGAIN,
  '503 IMAGE_PULL_FAILED': NO_REGISTRY,
  IMAGE_PULL_TIMEOUT: PULL_AGAIN,
  IMAGE_PULL_REGISTRY_UNAVAILABLE: NO_REGISTRY,
};

/**
 * Returns why a pull failed: from the operation that failed or was cancelled, or from `null` for one that the agent no
 * longer knows (it keeps operations in memory only, so it was restarted). An operation's `errorCode` is not always that
 * of a blocking route; agent source: ImageOperationStatus.
 */
export function pullFailure(reference: string, operation: PullOperation | null): DaemonError {
  if (operation === null) {
    return new DaemonError(
      'HOST_BUSY',
      `The agent no longer knows the pull of ${reference}, probably since it was restarted: the pull is started again.`,
    );
  }
  const { status, errorCode, error } = operation;
  const [code, fix] = VERDICTS[errorCode ?? ''] ?? PULL_AGAIN;
  const text = error === null ? '' : ` (${error.slice(0, 300)})`;
  return new DaemonError(code, `The pull of ${reference} ended with ${errorCode ?? status}${text}. ${fix}`);
}

/**
 * Maps an agent's error response to a failure. `code` and `message` are those of its body, empty where it has
 * none. Only the agent's own `NOT_FOUND` means an unknown VM: the bare 404 of a proxy must not count as
 * "deleted".
 */
export function agentFailure(status: number, code: string, message: string, call: AgentCall): DaemonError {
  const [failureCode, fix] = verdict(status, code, call);
  const answer = code === '' ? `${status}` : `${status} ${code}`;
  const text = message === '' ? '' : ` (${message.slice(0, 300)})`;
  const response: ErrorResponse = { status, code };
  return new DaemonError(
    failureCode,
    `Host ${call.host} answered ${answer} to "${call.what}", ${call.method} ${call.path}${text}. ${fix}`,
    { cause: response },
  );
}

/** Returns whether an error response says that the agent takes no changes now, since it is in maintenance. */
export const isMaintenance = (status: number, code: string): boolean =>
  status === 503 && code === 'MAINTENANCE_IN_PROGRESS';

/** Returns whether `error` comes from an agent's error response with exactly this status and code. */
export function isErrorResponse(error: unknown, status: number, code: string): boolean {
  if (!(error instanceof DaemonError)) return false;
  const cause = error.cause as Partial<ErrorResponse> | undefined;
  return cause?.status === status && cause.code === code;
}

function verdict(status: number, code: string, call: AgentCall): Verdict {
  if (status === 404 && code === 'NOT_FOUND') {
    return call.path.startsWith('/vms/')
      ? ['VM_NOT_FOUND', 'The VM is gone from this host.']
      : ['AGENT_REQUEST_REFUSED', 'Check that the base_url of the host ends in /v1.'];
  }
  return (
    VERDICTS[`${call.method} ${status} ${code}`] ??
    VERDICTS[`${status} ${code}`] ??
    VERDICTS[code] ??
    VERDICTS[`${status}`] ??
    (status >= 400 && status < 500 && status !== 409 && status !== 499
      ? [
          'AGENT_REQUEST_REFUSED',
          'The agent refuses this request as wrong: compare the versions of daemon and agent, and report it.',
        ]
      : ['AGENT_ERROR', 'It is tried again; see the log of the agent for the cause.'])
  );
}
