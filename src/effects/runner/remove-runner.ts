import { DaemonError } from '../../errors.ts';
import { effect } from '../effect.ts';

/** Removes the runner from GitHub's list: by id where it is known, else by name. */
export const removeRunner = effect('removeRunner', async (world, { scope, runnerName, runnerId }, signal) => {
  await world.creates.finished(runnerName, signal);
  world.secrets.drop(runnerName);
  const options = { signal, purpose: 'teardown' as const };
  const id = runnerId ?? (await world.github.findRunner(scope, runnerName, options))?.id ?? null;
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
export const deregisterRunner = effect(
  'deregisterRunner',
  async (world, { scope, runnerName, runnerId }, signal) => {
    const options = { signal, purpose: 'teardown' as const };
    const id = runnerId ?? (await world.github.findRunner(scope, runnerName, options))?.id ?? null;
    if (id === null) return { answer: 'removed' };
    const result = await world.github.removeRunner(scope, id, { signal });
    return { answer: result === 'busy' ? 'busy' : 'removed' };
  },
);
