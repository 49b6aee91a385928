import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { namePrefix } from '../../jobs/job-policy.ts';
import { adminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import { checkStore } from '../check/check-store.ts';
import { UsageError } from '../command.ts';

/**
 * Throws a UsageError when the names are those of this config's controller, or of a daemon that runs at its
 * admin address or on its store: without the records of that daemon, every VM that it uses would seem to be
 * left over. Also throws when it cannot find out which names a running daemon has.
 */
export async function refuseRunning(names: string, config: Config, clock: Clock): Promise<void> {
  if (names === namePrefix(config.controller)) {
    throw new UsageError(
      `"${config.controller.id}" is the controller.id of this config, so its own daemon removes what is left; "jeballto-runner gc" makes it do that now.`,
    );
  }
  const running = await namesOfDaemon(config, clock);
  if (running === names) {
    throw new UsageError(
      `The daemon at ${adminAddress(config).url} still runs with this id, although the config has another one: its VMs are in use. Restart that daemon, which gives it the id "${config.controller.id}", and then run this command again.`,
    );
  }
}

/** The names of the daemon that runs here; null when none does. */
async function namesOfDaemon(config: Config, clock: Clock): Promise<string | null> {
  const untold = (why: string) =>
    new UsageError(`A daemon may run here, and its controller.id is unknown: ${why} Stop it, or try again.`);
  try {
    const { namePrefix: names } = (await askDaemon(adminAddress(config), 'GET', '/api/status')) as {
      namePrefix?: unknown;
    };
    if (typeof names === 'string') return names;
    throw untold('it is an earlier version, which does not say it.');
  } catch (error) {
    if (!(error instanceof NoDaemonError)) throw error;
    if (!error.nobodyListens) throw untold(error.message);
    if ((await checkStore(config, clock)).isRunning) throw untold(error.message);
    return null;
  }
}
