import type { JobEffects } from '../../../machines/job/effects.ts';
import { guestActivityCommand, guestIsWorking, parseGuestActivity } from '../../guest/scripts/activity.ts';
import type { Effect } from '../effect-world.ts';
import { vmIsGone } from '../runner/watch-runner.ts';
import { forwardedAddress } from './connect-guest.ts';
import { withGuest } from './with-guest.ts';

/**
 * Whether a job runs in the guest, by the guest's own word: over SSH, or through the agent's execute route when
 * SSH is gone. Rejects when nobody can say: then nobody may kill (law 5).
 */
export const askGuest: Effect<JobEffects['askGuest']['input'], JobEffects['askGuest']['output']> = async (
  world,
  input,
  signal,
) => {
  const { host, vmId, hostKey, runnerName } = input;
  if (await vmIsGone(world, host, vmId, signal)) return { answer: 'vanished' };
  try {
    const address = await forwardedAddress(world, host, vmId, signal);
    const working = await withGuest(world, { address, hostKey }, signal, (session) =>
      guestIsWorking(session, runnerName, { signal }),
    );
    return { answer: working ? 'working' : 'notWorking' };
  } catch (sshError) {
    signal.throwIfAborted();
    const { user, password } = world.guest;
    const asked = await world
      .agent(host)
      .execute(
        vmId,
        { command: guestActivityCommand(runnerName), user, password, timeoutSeconds: 30 },
        { signal },
      );
    const answer = parseGuestActivity(asked.stdout);
    if (answer === null) throw sshError;
    return { answer: answer ? 'working' : 'notWorking' };
  }
};
