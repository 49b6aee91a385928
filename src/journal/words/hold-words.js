// @ts-check
import { clock, span } from '../../format.js';

/**
 * A VM that is kept after its attempt or job failed, in words.
 *
 * @typedef {import('../../../machines/job/context.ts').Hold} Hold
 * @typedef {import('../../../machines/job/context.ts').HoldEnd} HoldEnd
 */

/** @type {Record<HoldEnd, string>} */
const ENDS = {
  over: 'its time was over',
  released: 'an operator released it',
  jobWaits: 'a job needed its slot',
  otherHeld: 'its Mac holds another VM already',
  hostClosed: 'its Mac takes no jobs',
  hostLost: 'its Mac is lost',
  vmGone: 'it did not run any more',
  runnerLeft: 'its runner could not be removed from GitHub',
};

/** Returns whether a job's actor in this state keeps its VM for a person, or is about to. @param {string} state */
export function isHeld(state) {
  return /tearingDown\.vm\.(askingToHold|unregistering|opening|held)/.test(state);
}

/**
 * Returns until when a VM is held, who ordered it, and what ends it earlier, as sentences.
 * @param {Hold} hold @param {{ name: string, host: string } | null | undefined} vm @param {number} now epoch ms
 */
export function holdWords(hold, vm, now) {
  const { by, until, latest } = hold;
  const left = until > now ? ` (for ${span(until - now)})` : '';
  const who = by === null ? 'as its label says' : `as ${by} ordered`;
  const most = latest > until ? ` An order can extend it until ${clock(latest)}.` : '';
  return `${vm ? `VM ${vm.name} on ${vm.host}` : 'Its VM'} is held until ${clock(until)}${left}, ${who}. A job that needs its slot and an operator's release end the hold earlier.${most}`;
}

/** Returns the same in few words, for a line of a table. @param {Hold} hold @param {number} now epoch ms */
export function shortHoldWords({ jobId, by, until }, now) {
  const left = until > now ? `for ${span(until - now)}` : 'until now';
  return `held for job ${jobId} until ${clock(until)} (${left}), ${by === null ? 'as its label says' : `by ${by}`}`;
}

/** Returns why a VM is not held any more, or was not held at all; empty while it is held, and without a hold. @param {Hold | null | undefined} hold */
export function holdEndWords(hold) {
  return hold?.ended ? `The VM is not held any more: ${ENDS[hold.ended]}.` : '';
}
