import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { type Database, sublevelsOf } from './database.ts';
import { Disk } from './disk.ts';
import { confirmFormat } from './format.ts';
import { GroupCommit, type WriteHealth } from './group-commit.ts';
import { ActorRecords } from './tables/actor-records.ts';
import { AgedTable } from './tables/aged-table.ts';
import { Cordons } from './tables/cordons.ts';
import { Deliveries } from './tables/deliveries.ts';
import { Evidence } from './tables/evidence.ts';
import { Journal } from './tables/journal.ts';
import { Quarantine } from './tables/quarantine.ts';
import { SettledJobs } from './tables/settled-jobs.ts';
import { Table } from './tables/table.ts';

export interface StoreOptions {
  clock: Clock;
  log: Logger;
  /** Milliseconds for which the journal, the outcomes of jobs and the quarantine are kept. */
  retention: number;
  onHealthChange?(health: WriteHealth): void;
}

export type StoreParts = Awaited<ReturnType<typeof loadStoreParts>>;

/**
 * Builds what a store is made of over an open database, and reads what must be known without waiting. Throws a
 * StoreError when the database is another program's or a newer daemon's.
 */
export async function loadStoreParts(database: Database, options: StoreOptions) {
  const { clock, log, onHealthChange } = options;
  const sublevels = sublevelsOf(database);
  await confirmFormat(database, sublevels.meta);

  const disk = new Disk(database, sublevels);
  const commit = new GroupCommit({
    clock,
    write: (operations) => disk.write(operations),
    ...(onHealthChange && { onHealthChange }),
  });
  const table = (name: keyof typeof sublevels) => new Table(sublevels[name], commit);
  const aged = {
    deliveries: new AgedTable(table('deliveries')),
    settled: new AgedTable(table('settled')),
    noted: new AgedTable(table('noted')),
    quarantine: new AgedTable(table('quarantine')),
    evidence: new AgedTable(table('evidence')),
  };
  const actors = new ActorRecords(table('actors'));
  const journal = new Journal(table('journal'), table('journalOfJob'), log);
  const deliveries = new Deliveries(aged.deliveries, () => commit.durable(), log);
  const settled = new SettledJobs(aged.settled, log);
  const quarantine = new Quarantine(aged.quarantine);

  const cordons = new Cordons(table('cordons'));
  const evidence = new Evidence(aged.evidence);

  const now = clock.now();
  await cordons.load();
  await evidence.load(now);
  await actors.load();
  await journal.load();
  await deliveries.load(now);
  await settled.load(now);
  await aged.noted.load(now);
  await aged.quarantine.load(now);
  return { disk, commit, aged, actors, journal, deliveries, settled, quarantine, cordons, evidence };
}
