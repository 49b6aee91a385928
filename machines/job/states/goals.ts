/**
 * States that are the target of a transition from another part of the chart. A name that is missing here does not
 * compile where it is used, and `../../job.ts` does not compile when one of these is not a state of the machine.
 */
export const GOALS = [
  'queued',
  'starting',
  'sshReady',
  'probing',
  'warm',
  'jitConfig',
  'runnerOnline',
  'runnerOnline.confirming',
  'running.idle',
  'running.busy',
  'running.finishing',
  'running.verifying',
  'running.retiring',
  'running.retiring.askingGuest.waiting',
  'running.retiring.deregistering',
  'running.retiring.checkingJob',
  'running.retiring.releasing',
  'running.retiring.settling',
  'tearingDown',
  'tearingDown.job.decided',
  'done',
  'failed',
] as const;

export type Goal = (typeof GOALS)[number];

/** The target of a transition to that state. */
export const to = <const Path extends Goal>(path: Path) => `#job.${path}` as const;
