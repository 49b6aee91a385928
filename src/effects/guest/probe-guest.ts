import type { JobEffects } from '../../../machines/job/effects.ts';
import { DaemonError } from '../../errors.ts';
import { probeGuest as probe } from '../../guest/scripts/probe.ts';
import type { Effect } from '../effect-world.ts';
import { withGuest } from './with-guest.ts';

/** GitHub refuses a runner's tokens when its clock is further off than this; a resumed clone often is. */
const LARGEST_CLOCK_SKEW = 5 * 60_000;

export const probeGuest: Effect<JobEffects['probeGuest']['input'], JobEffects['probeGuest']['output']> = (
  world,
  guest,
  signal,
) =>
  withGuest(world, guest, signal, async (session) => {
    const found = await probe(session, world.guest.installPath, { signal });
    const skew = found.guestTime - world.clock.now();
    if (Math.abs(skew) > LARGEST_CLOCK_SKEW) {
      throw new DaemonError(
        'GUEST_CLOCK_WRONG',
        `The guest's clock is ${Math.round(skew / 1000)} s off, and GitHub refuses runners beyond 300 s.`,
      );
    }
    return { runnerVersion: found.runnerVersion };
  });
