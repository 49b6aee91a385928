import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';
import { withGuest } from '../guest/with-guest.ts';
import { runnerEnded } from './runner-ended.ts';

/**
 * Confirms that GitHub lists the runner as online. One script first waits in the guest until the runner listens for jobs:
 * the guest knows it earlier, costs no rate limit, and says why a runner ended. With a question for each look, a runner
 * that never connects would fill the journal. A runner that took a job and is no longer on GitHub's list has been online.
 */
export const confirmOnline = effect('confirmOnline', async (world, input, signal) => {
  const { scope, runnerName, runnerId } = input;
  const status = await withGuest(world, input, signal, (guest) => guest.watch(runnerName, 'listening'));
  if (status.process !== 'running') {
    const cause = runnerEnded(runnerName, status);
    if (cause) throw new DaemonError(cause.code, cause.message, { blame: cause.blame });
  } else if (!status.listening && !status.tookJob) {
    if (status.cause === null) {
      throw new DaemonError('RUNNER_NOT_ONLINE', `The runner ${runnerName} has not connected to GitHub yet.`);
    }
    const { line, blame } = status.cause;
    const message = `The runner ${runnerName} cannot reach GitHub. It says: ${line}`;
    throw new DaemonError('RUNNER_CANNOT_CONNECT', message, { blame });
  }

  const runner = await world.github.findRunner(scope, runnerName, { signal, id: runnerId });
  if (runner?.status === 'online') return { runnerId: runner.id };
  if (status.tookJob) return { runnerId: runner?.id ?? runnerId };
  throw new DaemonError(
    'RUNNER_NOT_ONLINE',
    runner
      ? `GitHub still lists the runner ${runnerName} as ${runner.status}.`
      : `GitHub does not list the runner ${runnerName}.`,
  );
});
