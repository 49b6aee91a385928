import type { JobEffects } from '../../../machines/job/effects.ts';
import { DaemonError } from '../../errors.ts';
import type { Effect } from '../effect-world.ts';
import { withGuest } from './with-guest.ts';

/** Milliseconds of clock skew beyond which GitHub rejects a runner's tokens; a resumed clone often has more. */
const MAX_CLOCK_SKEW = 5 * 60_000;

export const probeGuest: Effect<JobEffects['probeGuest']['input'], JobEffects['probeGuest']['output']> = (
  world,
  input,
  signal,
) =>
  withGuest(world, input, signal, async (guest) => {
    const found = await guest.probe();
    const skew = found.guestTime - world.clock.now();
    if (Math.abs(skew) > MAX_CLOCK_SKEW) {
      throw new DaemonError(
        'GUEST_CLOCK_WRONG',
        `The guest's clock is ${Math.round(skew / 1000)} s off, and GitHub refuses runners beyond 300 s.`,
      );
    }
    return { runnerVersion: found.runnerVersion };
  });
