/** The agent's states of a VM that has been powered on and whose guest may be at work. */
const POWERED: ReadonlySet<string> = new Set([
  'starting',
  'running',
  'pausing',
  'paused',
  'resuming',
  'stopping',
]);

/** True when a VM in this state may hold a job at work, so that nobody may delete it unasked (law 5). */
export function mayWork(state: string): boolean {
  return POWERED.has(state);
}
