import type { Config } from '../../config/schema.ts';
import { counted } from '../../format.js';
import type { HealthScope } from '../../health/health.ts';
import type { Answers } from '../../http/admin/api/api-routes.ts';
import type { SeenVersion } from '../../upkeep/runner-versions.ts';
import { adminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import { about, type Finding } from './finding.ts';
import { unreadableRows } from './unreadable-rows.ts';

/**
 * What the daemon that has the store open says of itself: its health first. A daemon that cannot be asked with this
 * config is a note.
 */
export async function checkDaemon(config: Pick<Config, 'admin'>): Promise<Finding[]> {
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
    return [
      note(
        `A daemon is running on this store, with ${counted(jobs, 'job')}; it is ${health.ready ? 'ready' : 'not ready'}.`,
      ),
      ...health.scopes.map(healthFinding),
      ...(rows === null ? [] : [note(`${rows}: the log of the daemon has the reasons.`)]),
      ...hosts.flatMap(({ name, cordon }) =>
        cordon
          ? [
              about(`host ${name}`).note(
                `It takes no new jobs: cordoned by ${cordon.by} until that is taken back.`,
              ),
            ]
          : [],
      ),
      ...runners.map(runnerFinding),
    ];
  } catch (error) {
    if (!(error instanceof NoDaemonError)) throw error;
    return [note(`Another daemon holds the store, and cannot be asked with this config: ${error.message}`)];
  }
}

/** What the running daemon says is in trouble; the rest of its work goes on where it says so. */
function healthFinding({ sentence, whoActs, stops }: HealthScope): Finding {
  const { wrong, note } = about('daemon');
  return (stops ? wrong : note)(`${sentence} Who must act: ${whoActs}`);
}

/** The runner that the daemon saw in an image, and until when GitHub takes it, where GitHub says so. */
function runnerFinding({ profile, version, endsAt, isEnding }: SeenVersion): Finding {
  const { ok, note } = about('github');
  const until =
    endsAt === null ? '' : `; GitHub takes it until ${new Date(endsAt).toISOString().slice(0, 10)}`;
  const seen = `The image of ${profile} has the runner ${version}${until}`;
  return isEnding ? note(`${seen}: build the image with a current one.`) : ok(`${seen}.`);
}
