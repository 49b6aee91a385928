import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { createLog } from '../../log.ts';
import { openStore } from '../../store/open-store.ts';
import { adminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import { about, type Finding, sentenceOf } from './finding.ts';

/** Checks the store, or asks the daemon that has it open. A missing folder is not created. */
export async function checkStore(config: Config, clock: Clock): Promise<Finding[]> {
  const { ok, wrong, note } = about('store');
  const { path, retention } = config.store;
  const place = nearestExisting(path);
  if (!isWritable(place)) {
    return [wrong(`${place} cannot be written by this user: change its owner, or set store.path.`)];
  }
  if (place !== path) return [ok(`${path} is made at the first start.`)];
  try {
    const log = createLog({ level: 'silent', format: 'json', secrets: [] });
    const store = await openStore({ path, retention, clock, log });
    const { actors, quarantined } = store.counts();
    await store.close();
    return [
      ok(`${path} can be written; no daemon holds it. ${actors} job(s) go on at the next start.`),
      ...(quarantined > 0
        ? [
            note(
              `${quarantined} record(s) could not be read and are in quarantine; the collector saw to their VMs.`,
            ),
          ]
        : []),
    ];
  } catch (error) {
    return isOpenElsewhere(error) ? [await runningDaemon(config)] : [wrong(sentenceOf(error))];
  }
}

async function runningDaemon(config: Config): Promise<Finding> {
  const { wrong, note } = about('store');
  try {
    const status = await askDaemon(adminAddress(config), 'GET', '/api/status');
    const { ok, reasons, jobs } = status as { ok: boolean; reasons: string[]; jobs: number };
    return ok
      ? note(`A daemon is running on this store, with ${jobs} job(s).`)
      : wrong(`A daemon is running on this store and is not well: ${reasons.join(' ')}`);
  } catch (error) {
    if (!(error instanceof NoDaemonError)) throw error;
    return note(`Another daemon holds the store, and cannot be asked with this config: ${error.message}`);
  }
}

function isOpenElsewhere(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: string }).code === 'LEVEL_LOCKED') return true;
  }
  return false;
}

function nearestExisting(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
