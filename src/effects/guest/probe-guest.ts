import { DaemonError } from '../../errors.ts';
import { span } from '../../format.js';
import { earlyEffect } from '../effect.ts';
import { withGuest } from './with-guest.ts';

/** Milliseconds of clock skew beyond which GitHub rejects a runner's tokens; a resumed clone often has more. */
const MAX_CLOCK_SKEW = 5 * 60_000;

/** Checks that the guest can become a runner; it changes nothing, so it needs no `ordered`. */
export const probeGuest = earlyEffect('probeGuest', (world, input, signal) =>
  withGuest(world, input, signal, async (guest) => {
    const found = await guest.probe();
    const skew = found.guestTime - world.github.now();
    if (Math.abs(skew) > MAX_CLOCK_SKEW) {
      throw new DaemonError(
        'GUEST_CLOCK_WRONG',
        `The guest's clock is wrong by ${span(Math.abs(skew))}, and GitHub refuses a runner whose clock is wrong by more than 5 min: turn on automatic time in the image.`,
      );
    }
    return { runnerVersion: found.runnerVersion };
  }),
);
