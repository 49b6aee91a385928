import { fromPromise } from 'xstate';
import type { Wait } from '../machines/waits.ts';
import type { Clock } from './clock.ts';

/**
 * Milliseconds by which a wait may end late on a busy machine; beyond it the machine slept, or the daemon was
 * stopped.
 */
const UNWATCHED = 5_000;

/** The actor with which machines wait for an instant, on the given clock. */
export function waitUntil(clock: Clock) {
  return fromPromise<null, Wait>(async ({ input, signal }) => {
    await clock.sleepUntil(input.at, signal);
    const woke = clock.now();
    // Records of earlier versions do not have `looksFor`.
    if (woke - input.at > UNWATCHED && input.looksFor > 0)
      await clock.sleepUntil(woke + input.looksFor, signal);
    return null;
  });
}
