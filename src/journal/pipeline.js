// @ts-check

/** The states of a job in the order in which it goes through them, without the ends. */
export const PIPELINE = [
  'queued',
  'creating',
  'starting',
  'sshReady',
  'probing',
  'jitConfig',
  'runnerOnline',
  'running',
  'tearingDown',
];
