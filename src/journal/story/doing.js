// @ts-check

import { topState } from '../overview.js';
import { isHeld } from '../words/hold-words.js';

/**
 * What a job does in each of its states, and what comes after it. `{vm}` stands for the name of its VM.
 * @type {Record<string, [now: string, next: string]>}
 */
const STATES = {
  queued: ['It waits for a VM', 'It gets a VM when a slot is free and nothing holds it back.'],
  creating: ['Its VM is being made', '{vm} is powered on.'],
  starting: ['Its VM is being powered on', '{vm} boots.'],
  sshReady: ['Its VM boots', '{vm} is checked as soon as it answers over SSH.'],
  probing: [
    'Its VM is being checked',
    'Its runner is registered with GitHub, if {vm} has all that it needs.',
  ],
  warm: ['A warm VM waits for a job', 'The next job of its profile gets {vm}.'],
  jitConfig: ['Its runner is being registered with GitHub', 'The runner is started in {vm}.'],
  runnerOnline: ['Its runner is being started', 'GitHub gives the runner a job as soon as it is online.'],
  'running.idle': ['Its runner is online and has no job yet', 'GitHub gives it a job.'],
  'running.busy': ['It runs', 'When it ends, {vm} and its runner are removed.'],
  'running.verifying': [
    'Its runner has ended, and GitHub is asked for the job',
    "GitHub's answer decides what follows.",
  ],
  'running.finishing': ['It has ended, and its runner is ending', '{vm} and its runner are removed.'],
  'running.retiring': [
    'Its runner got no job and is being removed',
    '{vm} is removed, unless a job has begun in it.',
  ],
  held: [
    'It is over here, and its VM is kept for a person',
    '{vm} is removed at the end of the hold; its slot is free then.',
  ],
  tearingDown: ['Its VM and runner are being removed', 'When {vm} is gone, its slot is free.'],
};

/** @param {string} path such as `running.busy.watching` @param {string} [vm] name @returns {{ now: string, next: string }} `now` without its full stop */
export function doingOf(path, vm) {
  const inner = isHeld(path) ? 'held' : path.split('.').slice(0, 2).join('.');
  const [now, next] = STATES[inner] ?? STATES[topState(path)] ?? [path, ''];
  return { now, next: next.replace('{vm}', vm ?? 'its VM') };
}
