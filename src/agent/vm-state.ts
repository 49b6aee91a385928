/** Our word for a state that is no text, or too long a one. */
export const UNREADABLE = 'unreadable';

/**
 * What the agent's states of a VM mean. The states are named in `agent-responses.ts`. A state of a later agent is in none of
 * these sets.
 */
const POWERED_ON: ReadonlySet<string> = new Set([
  'starting',
  'running',
  'pausing',
  'paused',
  'resuming',
  'stopping',
  // It may be at work.
  UNREADABLE,
]);

const AT_REST: ReadonlySet<string> = new Set(['stopped', 'created', 'error', 'deleted']);

/** The VM was powered on, and its guest may be at work: nobody may delete it unasked (law 5). */
export function isPoweredOn(state: string): boolean {
  return POWERED_ON.has(state);
}

/**
 * The VM counts against the agent's limit, whoever owns it. A paused VM does, too. Of one whose state cannot be read
 * nobody knows: where it holds a slot, the agent refuses a start, which is noted like any other full host.
 */
export function holdsSlot(state: string): boolean {
  return state === 'installing' || (POWERED_ON.has(state) && state !== UNREADABLE);
}

/** The VM holds no slot, and nothing runs in it. */
export function isAtRest(state: string): boolean {
  return AT_REST.has(state);
}
