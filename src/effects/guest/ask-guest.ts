import { activityScript, parseActivity } from '../../guest/scripts/activity.ts';
import { shellCommand } from '../../guest/scripts/shell.ts';
import { effect } from '../effect.ts';
import { vmIsGone } from '../runner/watch-runner.ts';
import { forwardedAddress } from './connect-guest.ts';
import { withGuest } from './with-guest.ts';

/**
 * Asks the guest itself whether a job runs in it: over SSH, or through the agent's execute route when SSH is gone.
 * Rejects when the guest gives no result: then its VM must not be deleted (law 5).
 */
export const askGuest = effect('askGuest', async (world, input, signal) => {
  const { host, vmId, hostKey, runnerName } = input;
  if (await vmIsGone(world, host, vmId, signal)) return { answer: 'vanished' };
  try {
    const address = await forwardedAddress(world, host, vmId, signal);
    const isWorking = await withGuest(world, { address, hostKey }, signal, (guest) =>
      guest.isWorking(runnerName),
    );
    return { answer: isWorking ? 'working' : 'notWorking' };
  } catch (sshError) {
    signal.throwIfAborted();
    const { user, password } = world.guest;
    const { script, args } = activityScript(runnerName);
    const command = { command: shellCommand(script, args), user, password, timeoutSeconds: 30 };
    const { stdout } = await world.agent(host).execute(vmId, command, { signal });
    const isWorking = parseActivity(stdout);
    if (isWorking === null) throw sshError;
    return { answer: isWorking ? 'working' : 'notWorking' };
  }
});
