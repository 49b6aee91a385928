import { DaemonError } from '../../errors.ts';
import { effect, type Input } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';
import { registrationKey } from '../pending-creates.ts';

/** Removes the runner from GitHub's list. */
export const removeRunner = effect('removeRunner', async (world, runner, signal) => {
  const { scope, runnerName } = runner;
  const key = registrationKey(scope, runnerName);
  await world.creates.finished(key, signal);
  world.secrets.drop(runnerName);
  const answer = await removed(world, runner, signal);
  if (answer === 'busy') {
    throw new DaemonError(
      'RUNNER_BUSY',
      `GitHub says that the runner ${runnerName} still has a job; it is asked again.`,
    );
  }
  if (answer === 'notFound' && runner.runnerId === null && world.creates.outcome(key) === 'unknown') {
    throw new DaemonError(
      'RUNNER_MAY_APPEAR',
      `It is not known whether a request still registers the runner ${runnerName}. The daemon looks for this runner until the request can no longer take effect, and removes it.`,
    );
  }
  world.creates.forget(key);
  return null;
});

/**
 * Removes an idle runner from GitHub's list, so that it gets no further job. GitHub rejects that while it has
 * one.
 */
export const deregisterRunner = effect('deregisterRunner', async (world, runner, signal) => ({
  answer: (await removed(world, runner, signal)) === 'busy' ? 'busy' : 'removed',
}));

/**
 * Removes the runner that GitHub has under the recorded name in the recorded scope. It reads the runner
 * first, since the recorded id may belong to another party's runner by now (law 3).
 */
async function removed(
  { github }: EffectWorld,
  { scope, runnerName, runnerId }: Input<'removeRunner' | 'deregisterRunner'>,
  signal: AbortSignal,
): Promise<'removed' | 'absent' | 'busy' | 'notFound'> {
  const runner = await github.findRunnerToRemove(scope, runnerName, {
    signal,
    purpose: 'teardown',
    id: runnerId,
  });
  return runner === null ? 'notFound' : github.removeRunner(scope, runner.id, { signal });
}
