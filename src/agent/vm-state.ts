/** Our word for a state that is not a text, or is too long. */
export const UNREADABLE = 'unreadable';

/**
 * What the agent's states of a VM mean. The states are named in `agent-responses.ts`. A state that only a
 * newer agent has is in none of these sets.
 */
const POWERED_ON: ReadonlySet<string> = new Set([
  'starting',
  'running',
  'pausing',
  'paused',
  'resuming',
  'stopping',
  // A VM whose state cannot be read may be running a job.
  UNREADABLE,
]);

const AT_REST: ReadonlySet<string> = new Set(['stopped', 'created', 'error', 'deleted']);

/**
 * The VM was powered on, and a job may run in its guest: it must not be deleted before the guest was asked (law
 * 5).
 */
export function isPoweredOn(state: string): boolean {
  return POWERED_ON.has(state);
}

/**
 * The VM counts against the agent's limit, also when it is not ours or is paused. A VM whose state cannot be
 * read is not counted: if it does hold a slot, the agent refuses a start, which is handled as for any other
 * full host.
 */
export function holdsSlot(state: string): boolean {
  return state === 'installing' || (POWERED_ON.has(state) && state !== UNREADABLE);
}

export function isAtRest(state: string): boolean {
  return AT_REST.has(state);
}
