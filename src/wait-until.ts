import { fromPromise } from 'xstate';
import type { Wait } from '../machines/waits.ts';
import type { Clock } from './clock.ts';

/**
 * Milliseconds by which a wait may end late on a busy machine; beyond it the machine slept, or the daemon was
 * stopped.
 */
const UNWATCHED = 5_000;

/**
 * Returns the actor with which machines wait for an instant, on the given clock. A deadline that passed unwatched ends
 * after one fresh look. A state that tries something again and again starts its wait again with each try, and the look
 * must not begin again with it, or the deadline would never end.
 */
export function waitUntil(clock: Clock) {
  /** By the actors of one machine, and by deadline, epoch ms at which its fresh look ends. */
  const looks = new WeakMap<object, Map<number, number>>();
  const looksOf = (system: object) => {
    const known = looks.get(system) ?? new Map<number, number>();
    looks.set(system, known);
    return known;
  };

  return fromPromise<null, Wait>(async ({ input: { at, looksFor }, system, signal }) => {
    for (let until = looks.get(system)?.get(at) ?? at; ; ) {
      await clock.sleepUntil(until, signal);
      const woke = clock.now();
      // Records of earlier versions do not have `looksFor`.
      if (woke - until <= UNWATCHED || !(looksFor > 0)) return null;
      until = woke + looksFor;
      looksOf(system).set(at, until);
    }
  });
}
