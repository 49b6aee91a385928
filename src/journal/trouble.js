// @ts-check
import { clock } from '../format.js';
import { topState } from './overview.js';

/**
 * Which failures people have to know about.
 *
 * @typedef {import('../../machines/failure.ts').Failure} Failure
 * @typedef {import('../../machines/failure.ts').FailureCode} FailureCode
 */

/**
 * What a VM, a guest or GitHub cannot have done yet: it is looked for again and again until its time is over.
 * @type {ReadonlySet<FailureCode>}
 */
const NOT_YET = new Set([
  'SSH_NOT_READY',
  'RUNNER_NOT_ONLINE',
  'VM_MAY_APPEAR',
  'RUNNER_MAY_APPEAR',
  'JOB_OUTCOME_UNKNOWN',
]);

/**
 * Returns whether a failed try only says that what is waited for is not there yet. It becomes a failure when the wait
 * is over.
 * @param {FailureCode} code @param {string} path the state in which it was tried
 */
export function isNotYet(code, path) {
  return NOT_YET.has(code) || (code === 'GUEST_UNREACHABLE' && topState(path) === 'sshReady');
}

/**
 * Returns the trouble of a job in its present state; null where there is none, or where it is over.
 * @param {{ state: string, context: Partial<Pick<import('../../machines/job/context.ts').JobContext, 'phase' | 'failure'>> }} job
 * @returns {Failure | null}
 */
export function troubleOf({ state, context }) {
  const top = topState(state);
  const noted = context.phase?.lastFailure ?? null;
  // A watch that is under way again has found its runner: a failed one would have led back to the pause.
  const isOver = top === 'running' && /\.watching\b/.test(state);
  if (noted && !isOver && !isNotYet(noted.code, state)) return noted;
  return top === 'tearingDown' || top === 'queued' ? (context.failure ?? null) : null;
}

/** Milliseconds before its end in which the lifetime of a VM in which a job runs is warned of. */
const WARNED_BEFORE = 15 * 60_000;

/**
 * Returns a sentence about a VM whose lifetime ends soon, while its runner is there; null otherwise. The agent then
 * powers it off, even while a job runs in it.
 * @param {{ state: string, context: Partial<Pick<import('../../machines/job/context.ts').JobContext, 'vm'>> }} job
 * @param {number} now epoch ms
 */
export function lifetimeWarning({ state, context }, now) {
  const ends = context.vm?.expiresAt ?? null;
  if (ends === null || topState(state) !== 'running' || ends - now > WARNED_BEFORE) return null;
  return `Its VM's lifetime ends at ${clock(ends)}: the agent then powers it off, even while a job runs in it. For longer jobs, raise lifetime_seconds of the label.`;
}
