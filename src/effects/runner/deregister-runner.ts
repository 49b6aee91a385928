import { effect } from '../effect.ts';

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
