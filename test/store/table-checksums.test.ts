import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { damagedTables } from '../../src/store/leveldb/table-checksums.ts';
import { openStore } from '../../src/store/open-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { DAY, journalEntry, settledJob } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-tables-'));
let table: string;
let whole: Buffer;
beforeAll(async () => {
  const options = {
    path: folder,
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    retention: 30 * DAY,
  };
  const store = await openStore(options);
  for (let n = 1; n <= 300; n += 1) {
    store.settled.put(settledJob(n));
    // Most of the table, so that the start reads no row in its middle.
    for (let entries = 0; entries < 4; entries += 1) store.journal.append(journalEntry({}));
  }
  await store.durable();
  await store.close();
  // The log becomes a table at the next start.
  await (await openStore(options)).close();
  table = join(folder, readdirSync(folder).find((name) => name.endsWith('.ldb')) ?? '');
  whole = readFileSync(table);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('tables that are whole agree with their checksums', () => {
  expect(whole.length).toBeGreaterThan(10_000);
  expect(damagedTables(folder)).toEqual([]);
});

test('one changed bit anywhere is found', () => {
  const unnoticed: number[] = [];
  for (let at = 3; at < whole.length; at += 97) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(table, changed);
    const [damage] = damagedTables(folder);
    if (!damage || damage.bytes === 0) unnoticed.push(whole.length - at);
  }
  writeFileSync(table, whole);
  // Except in the part of the footer between its two handles and its magic number, which is not read.
  expect(unnoticed.filter((fromEnd) => fromEnd > 48)).toEqual([]);
});

test('a table that was cut off counts as damaged', () => {
  writeFileSync(table, whole.subarray(0, -20));
  expect(damagedTables(folder)).toEqual([expect.objectContaining({ bytes: whole.length - 20 })]);
  writeFileSync(table, whole);
});

/** The log of an opening of the store. */
async function opened(compared?: number) {
  const lines: { level: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', format: 'json', secrets: [], destination });
  const most = compared === undefined ? {} : { compared };
  const path = mkdtempSync(join(tmpdir(), 'store-tables-'));
  cpSync(folder, path, { recursive: true });
  try {
    const store = await openStore({ path, clock: new ManualClock(), log, retention: 30 * DAY, ...most });
    await store.close();
  } finally {
    rmSync(path, { recursive: true });
  }
  return lines.filter(({ level }) => level === 'error');
}

test('a start warns of a table in which a byte changed, but checks no table when that takes too long', async () => {
  const changed = Buffer.from(whole);
  // The byte is in an entry that an opening does not read.
  const middle = Math.floor(whole.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  writeFileSync(table, changed);
  const told = (await opened()).map(({ msg }) => msg);
  expect(told[0]).toMatch(/^the store in .* is damaged: \d+ bytes of \d+\.ldb \(checksum mismatch\)/);
  const untold = (await opened(whole.length - 1)).map(({ msg }) => msg);
  expect(untold.filter((line) => line.includes('checksum mismatch'))).toEqual([]);
  writeFileSync(table, whole);
  expect(await opened()).toEqual([]);
});
