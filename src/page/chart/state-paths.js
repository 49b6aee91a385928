import { endOfSeen } from '../../journal/outcome.js';
import { topState } from '../../journal/overview.js';
import { contextOf } from '../../journal/story/contexts.js';
import { isNotYet } from '../../journal/trouble.js';

/**
 * The states of a path: `running.busy.watching` is in three states, `tearingDown.vm.acting,
 * tearingDown.runner.gone` in those of both parts.
 *
 * @typedef {import('../../journal/overview.js').Entry} Entry
 * @typedef {import('./machines.js').Occupant} Occupant
 * @typedef {import('./machines.js').Occupants} Occupants
 *
 * @typedef {'idle' | 'busy' | 'good' | 'warn' | 'bad'} Mood a colour, by its name in the style sheet
 *
 * @typedef {object} Trace the part of a chart that one job has passed
 * @property {Set<string>} past states that it has left
 * @property {Set<string>} now
 * @property {Set<string>} trouble states in which something failed
 * @property {Set<string>} ways its arrows, as `from to`, and as `event into to`
 */

/** Returns every state that a path is in. @param {string} path */
export function statesIn(path) {
  /** @type {Set<string>} */
  const states = new Set();
  for (const part of path.split(', ')) {
    const names = part.split('.');
    for (let depth = 1; depth <= names.length; depth += 1) states.add(names.slice(0, depth).join('.'));
  }
  return states;
}

/** Returns how many are in each state, nested ones included. @param {Occupants} occupants */
export function countsOf({ live, ended }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @param {string} state */
  const add = (state) => counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const { state } of live) for (const one of statesIn(state)) add(one);
  for (const { state } of ended) add(state);
  return counts;
}

/**
 * Returns where a job has been. After a release an actor may still remove the last VM: the job is where the actor is
 * that holds it.
 * @param {Entry[]} entries of one job @returns {Trace}
 */
export function traceOf(entries) {
  const { last } = contextOf(entries);
  /** @type {Trace} */
  const trace = { past: new Set(), now: statesIn(last?.to ?? ''), trouble: new Set(), ways: new Set() };
  for (const { kind, event, from, to, detail } of entries) {
    if (kind !== undefined) continue;
    const before = statesIn(from);
    // The entry into `failed` only repeats an earlier failure.
    if (detail && to !== 'failed') for (const state of before) trace.trouble.add(state);
    for (const state of before) trace.past.add(state);
    for (const way of waysOf(event, before, statesIn(to))) trace.ways.add(way);
  }
  return trace;
}

/** @param {string} event @param {Set<string>} before @param {Set<string>} next @returns {string[]} */
function waysOf(event, before, next) {
  const entered = [...next].filter((state) => !before.has(state));
  const across = entered.flatMap((b) =>
    [...before].filter((a) => parentOf(a) === parentOf(b)).map((a) => `${a} ${b}`),
  );
  return [...across, ...entered.map((state) => `${event} into ${state}`)];
}

/** @param {string} state */
const parentOf = (state) => state.split('.').slice(0, -1).join('.');

/**
 * Returns the state whose box has the mark: the innermost state of the first part that has not ended.
 * @param {string} path
 */
export function boxOf(path) {
  const parts = path.split(', ');
  return parts.find((part) => !part.endsWith('.gone')) ?? parts[0] ?? path;
}

/**
 * Returns the colour of a state.
 * @param {Pick<Occupant, 'state' | 'end'> & { context: Omit<Occupant['context'], 'job'> & { job?: Partial<Occupant['context']['job']> } }} occupant
 * @returns {Mood}
 */
export function moodOf({ state, end, context }) {
  const top = topState(state);
  if (top === 'done' || top === 'failed') return moodOfEnd({ state, context, ...(end && { end }) });
  if (/blocked/.test(state)) return 'bad';
  const noted = context.phase?.lastFailure;
  if (/waiting/.test(state) && noted && isNotYet(noted.code, state)) return 'busy';
  if (/waiting|settling/.test(state) || (top === 'queued' && context.failure)) return 'warn';
  if (top === 'queued') return 'idle';
  if (state.startsWith('running.busy')) return 'good';
  return 'busy';
}

/** @param {Parameters<typeof endOfSeen>[0]} seen @returns {Mood} */
function moodOfEnd(seen) {
  const { outcome } = endOfSeen(seen);
  if (outcome === 'lost') return 'bad';
  return outcome === 'failed' ? 'warn' : outcome === 'succeeded' ? 'good' : 'idle';
}
