import type { RunnerScope } from '../../../machines/job/context.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import { earlyEffect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';
import { registrationKey } from '../pending-creates.ts';

/** Errors after which GitHub may have registered the runner. */
const isAmbiguous = (error: unknown) => hasCode(error, 'GITHUB_UNREACHABLE', 'GITHUB_ERROR', 'UNEXPECTED');

/**
 * Obtains the configuration for one runner name and keeps it in memory. The job is read first: a runner for a
 * job that is over would only wait and get the jobs of others. GitHub keeps names unique, so after a lost
 * response the next try fails with "name taken"; it then removes the leftover, and the machine takes the next
 * name.
 */
export const obtainRunnerConfig = earlyEffect(
  'obtainRunnerConfig',
  async (world, { owner, repository, jobId, scope, profile: label, runnerName }, signal, ordered) => {
    const profile = world.profile(label);
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
        const create = () => world.github.createJitConfig(scope, request);
        const key = registrationKey(scope, runnerName);
        const made = await world.creates.send(key, create, { isAmbiguous, signal });
        world.secrets.keep(runnerName, { mode: 'jit', jitConfig: made.encodedJitConfig });
        return { runnerId: made.runnerId, mode: 'jit' };
      } catch (error) {
        if (hasCode(error, 'RUNNER_NAME_TAKEN')) {
          // The machine takes the next name whether or not the leftover could be removed: a removal whose
          // response was lost may have freed this name, and no name may be used twice. The collector finds
          // what is left.
          await removeLeftover(world, scope, runnerName, signal).catch(() => signal.throwIfAborted());
        }
        if (!hasCode(error, 'JIT_UNSUPPORTED')) throw error;
      }
    }
    const { token } = await world.github.createRegistrationToken(scope, { signal });
    world.secrets.keep(runnerName, { mode: 'token', token });
    return { runnerId: null, mode: 'token' };
  },
);

/**
 * Removes a registration of ours that was given to no guest. Its runner was never launched, so no guest has
 * to be asked. The secret is dropped, since it can no longer be used.
 */
export async function removeLeftover(
  world: EffectWorld,
  scope: RunnerScope,
  runnerName: string,
  signal: AbortSignal,
): Promise<void> {
  world.secrets.drop(runnerName);
  const leftover = await world.github.findRunnerToRemove(scope, runnerName, { signal, purpose: 'teardown' });
  if (leftover === null) return;
  if ((await world.github.removeRunner(scope, leftover.id, { signal })) === 'busy') {
    throw new DaemonError(
      'RUNNER_BUSY',
      `GitHub says that the runner ${runnerName} of an earlier try is busy.`,
    );
  }
}
