import type { RunnerScope } from '../../../machines/job/context.ts';
import { DaemonError } from '../../errors.ts';
import { scopeName } from '../../github/runners/runner-scope.ts';
import type { RunnerLaunch } from '../../guest/scripts/launch.ts';
import { effect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';
import { withGuest } from '../guest/with-guest.ts';
import { removeLeftover } from './obtain-runner-config.ts';

/**
 * Starts the runner so that it outlives this connection and this daemon. When a restart has lost the secret,
 * it asks the guest: a runner that was started needs no secret. Otherwise its registration is removed, and
 * the machine obtains a new one under a new name (law 7).
 */
export const launchRunner = effect('launchRunner', (world, input, signal) =>
  withGuest(world, input, signal, async (guest) => {
    const { scope, runnerName } = input;
    const secret = world.secrets.of(runnerName);
    if (secret === null) {
      const status = await guest.status(runnerName);
      if (status.process !== 'absent') return null;
      await removeLeftover(world, scope, runnerName, signal);
      throw new DaemonError(
        'RUNNER_CONFIG_LOST',
        `The restart of the daemon lost the configuration of ${runnerName}, which is kept in memory only; a new one is obtained.`,
      );
    }
    const { image, runnerLabels } = world.profile(input.profile);
    const launch = async (how: RunnerLaunch) => {
      const { removed } = await guest.launch(how);
      world.imageNotes.leftovers(image, removed);
    };
    if (secret.mode === 'jit') {
      await launch({ mode: 'jit', runnerName, jitConfig: secret.jitConfig });
    } else {
      const group = scope.kind === 'organization' ? world.runnerGroup : null;
      const url = world.github.registrationUrl(scopeNow(world, scope));
      await launch({
        mode: 'token',
        runnerName,
        token: secret.token,
        url,
        labels: runnerLabels,
        group,
      });
    }
    world.secrets.drop(runnerName);
    return null;
  }),
);

/** The scope under its present name. */
function scopeNow({ currentName }: EffectWorld, scope: RunnerScope): RunnerScope {
  if (scope.kind === 'organization') return scope;
  const [owner = '', repository = ''] = currentName(scopeName(scope)).split('/');
  return { kind: 'repository', owner, repository };
}
