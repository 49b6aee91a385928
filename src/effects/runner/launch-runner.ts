import type { JobEffects } from '../../../machines/job/effects.ts';
import { DaemonError } from '../../errors.ts';
import { launchRunner as launch } from '../../guest/scripts/launch.ts';
import { runnerStatus } from '../../guest/scripts/status.ts';
import type { Effect } from '../effect-world.ts';
import { withGuest } from '../guest/with-guest.ts';
import { removeLeftover } from './obtain-runner-config.ts';

/**
 * Starts the runner so that it outlives this connection and this daemon. Without the secret (a restart came
 * between) the guest is asked: a runner that was started needs none; otherwise its registration is removed and
 * the machine obtains a new one under a new name (law 7).
 */
export const launchRunner: Effect<
  JobEffects['launchRunner']['input'],
  JobEffects['launchRunner']['output']
> = (world, input, signal) =>
  withGuest(world, input, signal, async (session) => {
    const { owner, repository, runnerName } = input;
    const scope = world.scope(owner, repository);
    const secret = world.secrets.of(runnerName);
    if (secret === null) {
      const status = await runnerStatus(session, runnerName, { signal });
      if (status.process !== 'absent') return null;
      await removeLeftover(world, scope, runnerName, signal);
      throw new DaemonError(
        'RUNNER_CONFIG_LOST',
        `The configuration of ${runnerName} was lost with the daemon's restart; a new one is obtained.`,
      );
    }
    const { installPath } = world.guest;
    if (secret.mode === 'jit') {
      await launch(
        session,
        { mode: 'jit', installPath, runnerName, jitConfig: secret.jitConfig },
        { signal },
      );
    } else {
      const { runnerLabels } = world.profile(input.profile);
      const group = scope.kind === 'organization' ? world.runnerGroup : null;
      const url = world.github.registrationUrl(scope);
      await launch(
        session,
        { mode: 'token', installPath, runnerName, token: secret.token, url, labels: runnerLabels, group },
        { signal },
      );
    }
    world.secrets.drop(runnerName);
    return null;
  });
