import { DaemonError, hasCode } from '../../errors.ts';
import { earlyEffect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';

const isAmbiguous = (error: unknown) => hasCode(error, 'GITHUB_UNREACHABLE', 'GITHUB_ERROR', 'UNEXPECTED');

/**
 * A configuration for one runner name, kept in memory. The job is looked at first: a runner for a job that is
 * over would only wait and attract others. GitHub keeps names unique, so a lost answer shows as "name taken" at
 * the next try; then the leftover is removed and the machine takes the next name.
 */
export const obtainRunnerConfig = earlyEffect(
  'obtainRunnerConfig',
  async (world, { owner, repository, jobId, profile: label, runnerName }, signal, ordered) => {
    const profile = world.profile(label);
    const scope = world.scope(owner, repository);
    const job = await world.github.getJob(owner, repository, jobId, { signal });
    if (job?.status !== 'queued' && job?.status !== 'waiting') {
      if (job) world.observe(job);
      const state = job?.status ?? 'not known to GitHub any more';
      throw new DaemonError('JOB_NO_LONGER_QUEUED', `Job ${jobId} is ${state}: it needs no runner.`);
    }

    await ordered();
    if (world.github.jitSupported()) {
      const groupId = await world.github.resolveGroupId(scope, world.runnerGroup, { signal });
      const request = { name: runnerName, labels: profile.runnerLabels, groupId };
      signal.throwIfAborted();
      try {
        const made = await world.creates.send(
          runnerName,
          () => world.github.createJitConfig(scope, request),
          {
            isAmbiguous,
            signal,
          },
        );
        world.secrets.keep(runnerName, { mode: 'jit', jitConfig: made.encodedJitConfig });
        return { runnerId: made.runnerId, mode: 'jit' };
      } catch (error) {
        if (hasCode(error, 'RUNNER_NAME_TAKEN')) await removeLeftover(world, scope, runnerName, signal);
        if (!hasCode(error, 'JIT_UNSUPPORTED')) throw error;
      }
    }
    const { token } = await world.github.createRegistrationToken(scope, { signal });
    world.secrets.keep(runnerName, { mode: 'token', token });
    return { runnerId: null, mode: 'token' };
  },
);

/**
 * A registration of ours that no guest ever got: never launched, so it can be removed at once. What it was made
 * with is worth nothing from here on.
 */
export async function removeLeftover(
  world: EffectWorld,
  scope: ReturnType<EffectWorld['scope']>,
  runnerName: string,
  signal: AbortSignal,
): Promise<void> {
  world.secrets.drop(runnerName);
  const leftover = await world.github.findRunner(scope, runnerName, { signal, purpose: 'teardown' });
  if (leftover === null) return;
  if ((await world.github.removeRunner(scope, leftover.id, { signal })) === 'busy') {
    throw new DaemonError('RUNNER_BUSY', `GitHub says that the leftover runner ${runnerName} is busy.`);
  }
}
