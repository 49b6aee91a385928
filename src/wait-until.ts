import { fromPromise } from 'xstate';
import type { Wait } from '../machines/waits.ts';
import type { Clock } from './clock.ts';

/** Milliseconds by which a wait may end late on a busy machine; beyond it the daemon slept, was stopped or was down. */
const UNWATCHED = 5_000;

/** The actor by which machines wait, on a clock. */
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
