import type { ConfigInForce } from '../../config/changes/reload-result.ts';
import { shownKeys } from '../../config/changes/shown-keys.ts';
import type { Config } from '../../config/schema.ts';
import { counted, day } from '../../format.js';
import type { HealthScope } from '../../health/health.ts';
import type { Answers } from '../../http/admin/api/api-routes.ts';
import type { SeenVersion } from '../../upkeep/runner-versions.ts';
import { adminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import { cordonNote } from '../terminal/cordon-note.ts';
import { about, type Finding } from './finding.ts';
import { unreadableRows } from './unreadable-rows.ts';

/**
 * Asks the daemon that has the store open, and returns its health first. A daemon that cannot be asked with
 * this config is a note.
 */
export async function checkDaemon(config: Config): Promise<Finding[]> {
  const { note } = about('store');
  try {
    const daemon = adminAddress(config);
    const status = await askDaemon(daemon, 'GET', '/api/status');
    const { jobs, health, store } = status as Answers['/api/status'] & {
      jobs: number;
      store?: { unreadableRows?: Record<string, number> };
    };
    const rows = unreadableRows(store?.unreadableRows ?? {});
    const { hosts } = (await askDaemon(daemon, 'GET', '/api/hosts')) as Answers['/api/hosts'];
    const { runners = [] } = (await askDaemon(daemon, 'GET', '/api/sources')) as Answers['/api/sources'];
    const { images } = (await askDaemon(daemon, 'GET', '/api/images')) as Answers['/api/images'];
    const { config: inForce } = (await askDaemon(daemon, 'GET', '/api/config')) as Answers['/api/config'];
    return [
      note(
        `A daemon uses this store, with ${counted(jobs, 'job')}; it is ${health.ready ? 'ready' : 'not ready'}.`,
      ),
      ...(inForce ? [configFinding(config, inForce)] : []),
      ...health.scopes.map(healthFinding),
      ...(rows === null ? [] : [note(`${rows}: the log of the daemon has the reasons.`)]),
      ...hosts.flatMap(({ name, cordon }) =>
        cordon
          ? [about(`host ${name}`).note(`It ${cordonNote(cordon)}: uncordon it when it may take jobs again.`)]
          : [],
      ),
      ...runners.map(runnerFinding),
      ...images.flatMap(({ profile, state, sentence }) =>
        state === 'trying' || state === 'refused'
          ? [about('daemon').note(`The image of ${profile}: ${sentence}`)]
          : [],
      ),
    ];
  } catch (error) {
    if (!(error instanceof NoDaemonError)) throw error;
    return [
      note(`Another daemon uses this store, but it cannot be asked with this config: ${error.message}`),
    ];
  }
}

/** Whether the daemon works with this config; secrets cannot be compared. */
function configFinding(config: Config, { keys, digest }: ConfigInForce): Finding {
  const { ok, note } = about('config');
  const now = new Map(keys.map(({ key, value }) => [key, value]));
  const here = new Map(shownKeys(config).map(({ key, value }) => [key, value]));
  const others = [...new Set([...here.keys(), ...now.keys()])].filter(
    (key) => here.get(key) !== now.get(key),
  );
  return others.length === 0
    ? ok(`The running daemon has this config in force (${digest}); secrets are not compared.`)
    : note(
        `The running daemon works with other values: ${others.join(', ')}. To put this config in force: jeballto-runner reload`,
      );
}

/** A trouble that the running daemon reports; it is only a note where jobs are served all the same. */
function healthFinding({ sentence, whoActs, stops }: HealthScope): Finding {
  const { wrong, note } = about('daemon');
  return (stops ? wrong : note)(`${sentence} Who must act: ${whoActs}`);
}

/** The runner that the daemon saw in an image, and until when GitHub accepts it, if GitHub says so. */
function runnerFinding({ profile, version, endsAt, isEnding }: SeenVersion): Finding {
  const { ok, note } = about('github');
  const until = endsAt === null ? '' : `; GitHub accepts it until ${day(endsAt)}`;
  const seen = `The image of ${profile} has runner version ${version}${until}`;
  return isEnding ? note(`${seen}: build the image with a current runner.`) : ok(`${seen}.`);
}
