import { failureOf } from '../../../machines/failure.ts';
import { DaemonError } from '../../errors.ts';
import { activityScript, parseActivity } from '../../guest/scripts/activity.ts';
import { shellCommand } from '../../guest/scripts/shell.ts';
import { redactForeign } from '../../redact.ts';
import { effect } from '../effect.ts';
import { vmIsGone } from '../runner/watch-runner.ts';
import { withGuest } from './with-guest.ts';

/**
 * Asks the guest itself whether a job runs in it: over SSH, or through the agent's execute route when SSH is
 * gone. Rejects when the guest gives no result; its VM must then not be deleted (law 5).
 */
export const askGuest = effect('askGuest', async (world, input, signal) => {
  const { host, vmId, runnerName } = input;
  if (await vmIsGone(world, host, vmId, signal)) return { answer: 'vanished' };
  try {
    const isWorking = await withGuest(world, input, signal, (guest) => guest.isWorking(runnerName));
    return { answer: isWorking ? 'working' : 'notWorking' };
  } catch (sshError) {
    signal.throwIfAborted();
    const { user, password } = world.guest;
    const { script, args } = activityScript(runnerName);
    const command = { command: shellCommand(script, args), user, password, timeoutSeconds: 30 };
    const { exitCode, stdout, stderr } = await world.agent(host).execute(vmId, command, { signal });
    const isWorking = parseActivity(stdout);
    if (isWorking === null) throw withoutSecondWitness(sshError, { exitCode, stderr, password });
    return { answer: isWorking ? 'working' : 'notWorking' };
  }
});

/**
 * The error when SSH and the agent's execute route both failed. It names both causes: until one of them is
 * fixed, the VM cannot be deleted.
 */
function withoutSecondWitness(
  sshError: unknown,
  { exitCode, stderr, password }: { exitCode: number; stderr: string; password: string | null },
) {
  const { code, message } = failureOf(sshError);
  const why =
    redactForeign(stderr, [password ?? ''])
      .trim()
      .slice(-200) || `exit code ${exitCode}`;
  const fix =
    password === null
      ? ' The agent has no password for it: set runner.ssh_password, or put the public key of the user that runs the agent into the image.'
      : '';
  return new DaemonError(
    code,
    `${message} The agent's own login in the guest failed as well (${why}).${fix}`,
  );
}
