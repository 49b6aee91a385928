import { statSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { limitFiles } from '../support/limited-files.ts';
import { actorRecord, DAY, journalEntry, observation } from './records.ts';

/**
 * A process with a daemon's store, for tests that kill it. It reports each acknowledged round with a
 * synchronous write, so that everything the parent has read was durable before.
 */
const [mode = '', path = ''] = process.argv.slice(2);

/** One round: a pair of actors that must stay equal, a journal entry and a delivery. */
async function round(store: Store, worker: string, n: number): Promise<void> {
  const record = actorRecord({ round: n, ballast: 'x'.repeat(400) });
  await store.deliveries.remember(`${worker}-${n}`, () => {
    store.actors.put(`${worker}.left`, record);
    store.journal.append(journalEntry({ actor: worker, attempt: n }));
    store.actors.put(`${worker}.right`, record);
    return observation(n);
  });
  tell({ worker, n });
}

/** Tries again while the pipe is full: on a busy machine the test reads later than this process writes. */
function tell(fact: object): void {
  const line = Buffer.from(`${JSON.stringify(fact)}\n`);
  let written = 0;
  while (written < line.length) {
    try {
      written += writeSync(1, line, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Writes rounds until the process is killed, several at a time. */
async function load(store: Store): Promise<void> {
  const work = async (worker: string) => {
    for (let n = 1; ; n += 1) await round(store, worker, n);
  };
  await Promise.all(Array.from({ length: 20 }, (_, index) => work(`worker${index}`)));
}

/** Keeps the store open and reports regularly, so that the parent can end it. */
async function hold(): Promise<never> {
  for (;;) {
    await systemClock.sleepUntil(systemClock.now() + 100);
    tell({ open: true });
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

/** The disk refuses within a record for a while, then accepts writes again. */
async function fillDisk(store: Store): Promise<void> {
  for (let n = 1; n <= 20; n += 1) await round(store, 'early', n);
  const sizes = (await readdir(path))
    .filter((name) => name.endsWith('.log'))
    .map((name) => statSync(join(path, name)).size);
  limitFiles(process.pid, Math.max(...sizes) + 100);
  const refused = Promise.all([1, 2, 3].map((n) => round(store, 'refused', n)));
  await until(() => !store.health().ok);
  tell({ refusing: store.health() });
  // Now there is not even room to open the database again.
  limitFiles(process.pid, 64);
  await until(() => store.health().lastError?.includes('failed to open') === true);
  tell({ refusing: store.health() });
  limitFiles(process.pid, 'unlimited');
  await refused;
  for (let n = 1; n <= 50; n += 1) await round(store, 'late', n);
  tell({ done: true });
  await systemClock.sleepUntil(Number.MAX_SAFE_INTEGER);
}

// Without a handler the signal ends the process; with one, a write beyond the limit fails as on a full disk.
process.on('SIGXFSZ', () => undefined);
try {
  if (mode === 'open-full') limitFiles(process.pid, 8);
  const store = await openStore({
    path,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    retention: 30 * DAY,
  });
  tell({ open: true });
  if (mode === 'hold') await hold();
  if (mode === 'load') await load(store);
  if (mode === 'fill-disk') await fillDisk(store);
  await store.close();
} catch (error) {
  tell({ error: `${error}` });
}
