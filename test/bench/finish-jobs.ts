import { randomUUID } from 'node:crypto';
import { Level } from 'level';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { CALM_SCENARIO } from '../simulation/calm-scenario.ts';
import { runScenario } from '../simulation/run-scenario.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { FIRST_JOB, newJob } from './fill-store.ts';

const DAY = 24 * 3_600_000;
const DAYS = 90;
const RETENTION = 30 * DAY;
/** Jobs whose writes become durable together, so that the disk's latency does not dominate. */
const AT_ONCE = 100;

/**
 * Runs `count` jobs in ninety days through a store, with a real job's journal and the prunes of the
 * collector. Returns what is kept at the end.
 */
export async function finishJobs(path: string, count: number) {
  const { journal } = await runScenario(CALM_SCENARIO);
  const life = journal.map((text) => JSON.parse(text) as StoredJournalEntry).filter(({ jobId }) => jobId > 0);
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const store = await openStore({ path, clock, log, retention: RETENTION });
  for (let n = 0; n < count; n += 1) {
    finishJob(store, life, FIRST_JOB + n, clock.now());
    clock.advance((DAYS * DAY) / count);
    if (n % AT_ONCE === AT_ONCE - 1) {
      await store.prune(clock.now());
      await store.durable();
    }
  }
  await store.prune(clock.now());
  const jobs = store.counts().settled;
  await store.close();
  return { jobs, ...(await measured(path)) };
}

function finishJob(store: Store, life: StoredJournalEntry[], id: number, at: number): void {
  const job = newJob(id, at);
  // Queued, in progress, completed.
  for (let deliveries = 0; deliveries < 3; deliveries += 1)
    void store.deliveries.remember(randomUUID(), () => null);
  for (const entry of life) store.journal.append({ ...entry, at, jobId: id, actor: String(id) });
  const { owner, repository, name } = job;
  store.settled.put({
    ...{ jobId: id, at, owner, repository, name, outcome: 'succeeded', blame: null },
    conclusion: 'success',
    ...{ cause: null, attempts: 1, host: 'mac-1' },
  });
}

async function measured(path: string): Promise<{ rows: number; bytes: number }> {
  const database = new Level<string, string>(path);
  let [rows, bytes] = [0, 0];
  for await (const [key, value] of database.iterator()) {
    rows += 1;
    bytes += key.length + value.length;
  }
  await database.close();
  return { rows, bytes };
}
