import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { openStore } from '../../src/store/open-store.ts';
import { observation } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { NUMBERS } from '../support/numbers.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;
const log = pino({ level: 'silent' });

const MB = 1_000_000;
const JOBS = 1_000;
/** Milliseconds from job to job, and the number of jobs whose records are kept. */
const PACE = 1_000;
const KEPT = 200;
const PRUNED_EVERY = 100;

test('heap and store are not larger after twice as many jobs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-memory-'));
  const clock = new ManualClock();
  const store = await openStore({ path: join(folder, 'store'), clock, log, retention: KEPT * PACE });
  // Only the teardown ends; it stops the effects before it.
  const gone = () => null;
  const { actors } = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: DEFAULT_POLICY,
    effects: () => endlessEffects({ deleteVm: gone, removeRunner: gone }),
    hosts: [],
    hostPolicy: { checkInterval: 1_000, lostAfter: 1_000 },
    profileFor: () => 'macos',
  });
  let served = 0;
  const serve = async (jobs: number) => {
    for (let n = 0; n < jobs; n += 1) {
      served += 1;
      const key = actors.create(jobFrom(observation(served), 'macos'));
      actors.send(key, { type: 'slot.granted', host: 'mini-1', numbers: NUMBERS });
      actors.send(key, { type: 'job.completed', conclusion: 'success', here: false });
      while (actors.size > 0) await Promise.resolve();
      clock.advance(PACE);
      if (served % PRUNED_EVERY > 0) continue;
      await store.durable();
      await store.prune(clock.now());
    }
    await store.durable();
    let entries = 0;
    for await (const _ of store.journal.read()) entries += 1;
    collectGarbage();
    const { journalSeq, ...rows } = store.counts();
    return { heap: process.memoryUsage().heapUsed, entries, rows, journalSeq };
  };

  const once = await serve(JOBS);
  const twice = await serve(JOBS);
  console.info(
    `heap after ${JOBS} jobs ${(once.heap / MB).toFixed(1)} MB, after ${served} ${(twice.heap / MB).toFixed(1)} MB; ` +
      `journal ${once.entries} and ${twice.entries} entries of ${twice.journalSeq}`,
  );
  await store.close();
  await rm(folder, { recursive: true });
  expect(twice.journalSeq).toBeGreaterThan(1.9 * once.journalSeq);
  expect(twice.rows).toEqual(once.rows);
  expect(once.rows).toMatchObject({ actors: 0, quarantined: 0, settled: expect.any(Number) });
  expect(once.rows.settled).toBeGreaterThan(0);
  expect(once.rows.settled).toBeLessThanOrEqual(KEPT + PRUNED_EVERY);
  expect(Math.abs(twice.entries - once.entries)).toBeLessThan(0.1 * once.entries);
  // A thousand kept jobs, each with its context and journal, would take tens of megabytes.
  expect(twice.heap - once.heap).toBeLessThan(3 * MB);
});
