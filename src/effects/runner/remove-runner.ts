import { DaemonError } from '../../errors.ts';
import { effect, type Input } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Removes the runner from GitHub's list: by id where it is known, else by name. */
export const removeRunner = effect('removeRunner', async (world, runner, signal) => {
  const { scope, runnerName } = runner;
  await world.creates.finished(runnerName, signal);
  world.secrets.drop(runnerName);
  const id = await idOfRunner(world, runner, signal);
  if (id !== null && (await world.github.removeRunner(scope, id, { signal })) === 'busy') {
    throw new DaemonError('RUNNER_BUSY', `GitHub still holds the runner ${runnerName} for a job.`);
  }
  if (id === null && world.creates.outcome(runnerName) === 'unknown') {
    throw new DaemonError(
      'RUNNER_MAY_APPEAR',
      `A registration of ${runnerName} may still take effect; its name is looked for until that is over.`,
    );
  }
  world.creates.forget(runnerName);
  return null;
});

/** Takes an idle runner off GitHub's list, so that it gets no further job. GitHub rejects that while it has one. */
export const deregisterRunner = effect('deregisterRunner', async (world, runner, signal) => {
  const id = await idOfRunner(world, runner, signal);
  if (id === null) return { answer: 'removed' };
  const result = await world.github.removeRunner(runner.scope, id, { signal });
  return { answer: result === 'busy' ? 'busy' : 'removed' };
});

/** The runner's id: the one that was written down, else the one that GitHub has under its name; null when there is none. */
async function idOfRunner(
  { github }: EffectWorld,
  { scope, runnerName, runnerId }: Input<'removeRunner' | 'deregisterRunner'>,
  signal: AbortSignal,
): Promise<number | null> {
  return (
    runnerId ?? (await github.findRunner(scope, runnerName, { signal, purpose: 'teardown' }))?.id ?? null
  );
}
