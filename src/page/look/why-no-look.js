/**
 * @typedef {'log' | 'screen'} Look what of a VM a person can ask for
 *
 * @typedef {object} Asked
 * @property {Partial<import('../../../machines/job/context.ts').JobContext>} context of the job
 * @property {string} state of the job, such as `running.busy.watching`; empty where the journal has nothing of it
 * @property {boolean} isPast
 * @property {import('../session/session.js').Session['role']} role
 * @property {import('../session/session.js').Session['mode']} mode
 */

/**
 * Returns why the log or the screen of a job's VM cannot be had now, in a sentence; null for what can be asked for.
 * @param {Asked} asked
 * @returns {Record<Look, string | null>}
 */
export function whyNoLook(asked) {
  const { vm, runner } = asked.context;
  const why = whyNeither(asked);
  const isSet = vm?.address && runner;
  return { log: why ?? (isSet ? null : 'No runner is in its VM yet, so there is no log.'), screen: why };
}

/** @param {Asked} asked */
function whyNeither({ context: { vm }, state, isPast, role, mode }) {
  if (mode === 'replay') return 'This is a recording: there is no VM to ask.';
  if (role !== 'operator')
    return 'Log and screen need the admin token: they may hold whatever the job printed.';
  if (isPast) return 'Only the VM of the present can be asked: choose "Live" first.';
  if (/^(done|failed)$|tearingDown\.vm\.gone/.test(state)) return 'Its VM is removed.';
  if (!vm) return 'It has no VM now.';
  return vm.id === null ? 'Its VM is not made yet.' : null;
}
