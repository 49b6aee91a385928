import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { counted } from '../../format.js';
import type { RecordCounts } from '../../store/count-records.ts';
import { type FolderInspection, inspectLevel } from '../../store/leveldb/inspect-level.ts';
import { inspectPostgres } from '../../store/postgres/inspect-postgres.ts';
import { adminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import { checkDaemon } from './check-daemon.ts';
import { about, type Finding, sentenceOf } from './finding.ts';
import { unreadableRows } from './unreadable-rows.ts';

/** Bytes; with less free space the disk would soon be full. */
const LEAST_SPACE = 100 * 2 ** 20;

export interface StoreCheck {
  findings: Finding[];
  /** True when a daemon has the store open: the ports of this config are then its own. */
  isRunning: boolean;
}

/**
 * Checks the store, or asks the daemon that has it open. Creates no file, and opens none of the store for
 * writing.
 */
export function checkStore(config: Config, clock: Clock): Promise<StoreCheck> {
  const { path, url } = config.store;
  return url === undefined ? checkFolder(path, config, clock) : checkDatabase(url, config, clock);
}

async function checkDatabase(url: string, config: Config, clock: Clock): Promise<StoreCheck> {
  const { ok, wrong, note } = about('store');
  try {
    const { place, holder, records, unsafe } = await inspectPostgres(url, clock);
    const notes = unsafe.map((setting) =>
      note(
        `The server runs with ${setting}: a crash of its machine may lose what it acknowledged. Turn it on in postgresql.conf.`,
      ),
    );
    if (records === null) {
      const used = note(`${place} is used by the daemon on ${holder}.`);
      if (await isNobodyHere(config)) {
        const standby = note('No daemon runs with this config: started here, it is a standby.');
        return { findings: [used, standby, ...notes], isRunning: false };
      }
      return { findings: [used, ...notes, ...(await checkDaemon(config))], isRunning: true };
    }
    const reached = ok(`${place} can be written; no daemon uses it. ${jobsThatGoOn(records)}`);
    return { findings: [reached, ...notes, ...recordFindings(records)], isRunning: false };
  } catch (error) {
    return { findings: [wrong(sentenceOf(error))], isRunning: false };
  }
}

/** Whether nothing listens where the daemon of this config does: another one uses the database. */
async function isNobodyHere(config: Config): Promise<boolean> {
  try {
    await askDaemon(adminAddress(config), 'GET', '/healthz');
    return false;
  } catch (error) {
    return error instanceof NoDaemonError && error.nobodyListens;
  }
}

async function checkFolder(path: string, config: Config, clock: Clock): Promise<StoreCheck> {
  const { ok, wrong } = about('store');
  const place = nearestExisting(path);
  const found = (finding: Finding): StoreCheck => ({ findings: [finding], isRunning: false });
  if (!statSync(place).isDirectory()) {
    return found(wrong(`${place} is a file: set store.path to a folder.`));
  }
  if (!isWritable(place)) {
    return found(
      wrong(
        `${place} cannot be written by this user: change its owner, or set store.path to another folder.`,
      ),
    );
  }
  const space = spaceAt(place);
  if (space === null) {
    return found(
      wrong(`${place} is a part of the system that cannot hold the store: set store.path to another folder.`),
    );
  }
  if (space < LEAST_SPACE) {
    return found(
      wrong(
        `${place} has ${Math.floor(space / 2 ** 20)} MB of free space, which is too little for the store: make room, or set store.path to another folder.`,
      ),
    );
  }
  if (place !== path) return found(ok(`${path} is created at the first start.`));
  try {
    return { findings: folderFindings(path, await inspectLevel(path, clock)), isRunning: false };
  } catch (error) {
    if (!isOpenElsewhere(error)) return found(wrong(sentenceOf(error)));
    return { findings: await checkDaemon(config), isRunning: true };
  }
}

const jobsThatGoOn = ({ actors }: RecordCounts) =>
  `${counted(actors, 'job goes on', 'jobs go on')} at the next start.`;

function folderFindings(path: string, { damage, kept, ...records }: FolderInspection): Finding[] {
  const { ok, wrong, note } = about('store');
  const findings = [ok(`${path} can be written; no daemon uses it. ${jobsThatGoOn(records)}`)];
  for (const { file, bytes, why } of damage) {
    const what = `${file} is damaged: ${counted(bytes, 'byte')} of it cannot be read (${why}), and what was written there is lost.`;
    const then = file.endsWith('.log')
      ? 'The next start goes on without that part, and keeps the damaged file.'
      : 'Restore the folder from a backup, or move it away to begin with an empty store.';
    findings.push(wrong(`${what} ${then} Check the disk.`));
  }
  if (kept.length > 0) {
    findings.push(
      note(
        `Earlier starts found damaged files and kept them in ${kept.join(', ')}: delete them when you no longer need them.`,
      ),
    );
  }
  return [...findings, ...recordFindings(records)];
}

function recordFindings({ quarantined, unreadable }: RecordCounts): Finding[] {
  const { note } = about('store');
  const findings: Finding[] = [];
  if (quarantined > 0) {
    findings.push(
      note(
        `${counted(quarantined, 'record of a job is', 'records of jobs are')} unreadable and in quarantine; the collector removes what is left of their VMs.`,
      ),
    );
  }
  const rows = unreadableRows(unreadable);
  if (rows !== null) findings.push(note(`${rows}: the daemon works without them.`));
  return findings;
}

function isOpenElsewhere(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: string }).code === 'LEVEL_LOCKED') return true;
  }
  return false;
}

/** Free bytes for this user; null in a file system that is only a view of the system, such as /proc. */
function spaceAt(path: string): number | null {
  const { blocks, bavail, bsize } = statfsSync(path);
  return blocks === 0 ? null : bavail * bsize;
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
