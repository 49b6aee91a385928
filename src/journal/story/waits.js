// @ts-check

import { topState } from '../overview.js';
import { isHeld } from '../words/hold-words.js';

/**
 * What a job waits for by the clock, in its present state. Instants in epoch ms.
 *
 * @typedef {object} PendingWait
 * @property {'try' | 'deadline' | 'lifetime'} kind
 * @property {string} what as the beginning of a sentence: `The VM is deleted again`
 * @property {number} at epoch ms; may be past, when it is due
 */

const PATHS = /** @type {const} */ ([
  ['vm.waiting', 'phase', 'The VM is deleted again'],
  ['runner.waiting', 'runnerRemoval', 'The runner is removed again'],
  ['job.waiting', 'jobCheck', 'GitHub is asked for the job again'],
]);

/** States in which an attempt ends, or a question is asked, when the phase takes too long. */
const TIMED = new Set(['creating', 'starting', 'sshReady', 'probing', 'warm', 'jitConfig', 'runnerOnline']);

/**
 * @param {{ state: string, context: Partial<import('../../../machines/job/context.ts').JobContext> }} seen
 * @returns {PendingWait[]} the soonest first
 */
export function waitsOf({ state, context }) {
  const { job, phase, vm } = context;
  /** @type {PendingWait[]} */
  const waits = [];
  const top = topState(state);
  /** @param {PendingWait['kind']} kind @param {string} what @param {number | null | undefined} at */
  const add = (kind, what, at) => {
    if (at) waits.push({ kind, what, at });
  };
  if (top === 'queued') add('try', 'It may get a VM again', job?.notBefore);
  else if (isHeld(state)) add('deadline', 'The hold of the VM ends', context.hold?.until);
  else if (top === 'tearingDown') {
    for (const [path, part, what] of PATHS) {
      if (state.includes(`tearingDown.${path}`)) add('try', what, context[part]?.nextTryAt);
    }
  } else if (/\b(waiting|blocked)\b/.test(state))
    add('try', `Try ${(phase?.tries ?? 0) + 1}`, phase?.nextTryAt);
  if (TIMED.has(top))
    add(
      'deadline',
      top === 'warm' ? 'The warm VM is removed' : 'If it gets no further, the attempt ends',
      phase?.deadlineAt,
    );
  if (state.startsWith('running.idle'))
    add('deadline', 'A runner without a job is retired', phase?.deadlineAt);
  if (top === 'running') add('lifetime', 'The agent powers the VM off', vm?.expiresAt);
  return waits.sort((a, b) => a.at - b.at);
}
