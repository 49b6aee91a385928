import { effect } from '../effect.ts';

/** Takes an idle runner off GitHub's list, so that it gets no further job; GitHub refuses while it has one. */
export const deregisterRunner = effect(
  'deregisterRunner',
  async (world, { owner, repository, runnerName, runnerId }, signal) => {
    const scope = world.scope(owner, repository);
    const asked = { signal, purpose: 'teardown' as const };
    const id = runnerId ?? (await world.github.findRunner(scope, runnerName, asked))?.id ?? null;
    if (id === null) return { answer: 'removed' };
    const answer = await world.github.removeRunner(scope, id, { signal });
    return { answer: answer === 'busy' ? 'busy' : 'removed' };
  },
);
