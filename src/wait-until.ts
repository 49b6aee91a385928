import { fromPromise } from 'xstate';
import type { Clock } from './clock.ts';

/** The actor by which machines wait, on a clock. */
export function waitUntil(clock: Clock) {
  return fromPromise<null, { at: number }>(async ({ input, signal }) => {
    await clock.sleepUntil(input.at, signal);
    return null;
  });
}
