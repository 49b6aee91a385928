import type { Clock } from '../../clock.ts';

/** What was learned right after GitHub refused `generate-jitconfig`. */
export interface JitEvidence {
  isEnterpriseServer: boolean;
  /** The status with which generate-jitconfig was refused. */
  status: number;
  /** `GET .../actions/runners` returned 200 for the same credentials. */
  canListRunners: boolean;
  /** The group of the request exists; always true for a repository. */
  groupExists: boolean;
}

/** GitHub Enterprise Server has JIT runners since this release. */
const FIRST_RELEASE = [3, 10] as const;

/** Milliseconds for which the verdict is remembered: a server may be upgraded. */
const REMEMBERED_MS = 24 * 3_600_000;

/**
 * Returns whether the refusal means "this server has no JIT runners". GitHub has no response of its own for that: on
 * Enterprise Server before 3.10 the route is a plain 404, which may also mean a wrong repository, a missing permission
 * and an unknown group. On github.com it is never the reason.
 */
export function isJitUnsupported(evidence: JitEvidence): boolean {
  const { isEnterpriseServer, status, canListRunners, groupExists } = evidence;
  if (!isEnterpriseServer) return false;
  if (status === 405 || status === 501) return true;
  return status === 404 && canListRunners && groupExists;
}

/**
 * Remembers that the server has no JIT runners. A server whose `x-github-enterprise-version` says that it should
 * have them is asked again each time: there the 404 had another reason, which the registration token shows.
 */
export class JitSupport {
  readonly #clock: Clock;
  #unsupportedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get supported(): boolean {
    return this.#clock.now() >= this.#unsupportedUntil;
  }

  noteUnsupported(serverVersion: string | null): void {
    if (serverVersion !== null && hasJit(serverVersion)) return;
    this.#unsupportedUntil = this.#clock.now() + REMEMBERED_MS;
  }
}

function hasJit(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > FIRST_RELEASE[0] || (major === FIRST_RELEASE[0] && minor >= FIRST_RELEASE[1]);
}
