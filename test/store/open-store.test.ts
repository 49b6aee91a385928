import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { canRun } from '../support/can-run.ts';
import { whyNoLimits } from '../support/limited-files.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { damagedStore, filesOf } from './damaged-store.ts';
import { DAY, settledJob } from './records.ts';
import { spawnStore } from './spawn-store.ts';

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const open = () =>
  openStore({ path, clock: new ManualClock(), log: pino({ level: 'silent' }), retention: 30 * DAY });

/** The refusal's message, which an operator reads. */
async function refusal(): Promise<string> {
  const error = await open().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(StoreError);
  return (error as StoreError).message;
}

async function storeWithAJob(): Promise<void> {
  const store = await open();
  store.settled.put(settledJob(1));
  await store.close();
}

test('makes its folder, readable only for its user', async () => {
  path = join(parent, 'some', 'where');
  await storeWithAJob();
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const store = await open();
  expect(store.settled.has(1)).toBe(true);
  await store.close();
});

test('starts in a folder that has only files of the system', async () => {
  mkdirSync(join(path, 'lost+found'), { recursive: true });
  writeFileSync(join(path, '.DS_Store'), '');
  await storeWithAJob();
});

test('starts in a folder where an earlier first start was interrupted', async () => {
  mkdirSync(path);
  for (const name of ['LOCK', 'LOG']) writeFileSync(join(path, name), '');
  await storeWithAJob();
});

test('a second daemon on the same store is refused with the folder and the fix', async () => {
  const store = await open();
  const sentence = `Another daemon uses the store in ${path}: stop it, or give this one a store.path of its own.`;
  expect(await spawnStore('open', path)).toEqual([{ error: `StoreError: ${sentence}` }]);
  expect(await refusal()).toBe(sentence);
  store.settled.put(settledJob(1));
  await store.close();
  expect(await spawnStore('open', path)).toEqual([{ open: true }]);
});

test('a store without its file CURRENT is refused and not changed', async () => {
  await storeWithAJob();
  rmSync(join(path, 'CURRENT'));
  const before = readdirSync(path).filter((name) => !name.startsWith('LO'));
  expect(await refusal()).toMatch(
    /^The folder .*data holds files but no readable store \(.*\): restore it from a backup, or move the folder away to begin with an empty store\.$/,
  );
  expect(readdirSync(path).filter((name) => !name.startsWith('LO'))).toEqual(before);
});

test('a folder of another program is refused and not changed', async () => {
  mkdirSync(path);
  writeFileSync(join(path, 'thesis.txt'), 'years of work');
  expect(await refusal()).toMatch(/holds files but no readable store/);
  expect(readdirSync(path)).toContain('thesis.txt');
});

test('a store of a newer daemon is refused, and that daemon can still open it', async () => {
  await storeWithAJob();
  const database = new Level<string, string>(path);
  await database.sublevel('meta').put('format', '2');
  await database.close();
  expect(await refusal()).toBe(
    `The store in ${path} cannot be used: it was written by a newer version (format 2, and this one knows 1). ` +
      'Run the version that wrote it, or give this daemon a store of its own.',
  );
  await database.open();
  await database.close();
});

test('a file in place of the folder is refused with the error of the system', async () => {
  writeFileSync(path, '');
  expect(await refusal()).toMatch(
    /^The store in .* cannot be opened \(it is a file, but the store needs a folder\)/,
  );
});

test.runIf(canRun(process.platform === 'linux' ? null : 'only Linux has /proc'))(
  'a folder that cannot be made is refused at once',
  async () => {
    path = '/proc/nope/data';
    expect(await refusal()).toMatch(
      /^The store in \/proc\/nope\/data cannot be opened \(ENOENT: .*\): create the folder, or set/,
    );
  },
);

test('losses by damage in a log are logged, and the damaged file is kept unchanged', async () => {
  await damagedStore(path);
  const damaged = filesOf(path).filter((file) => /^\d+\.log /.test(file));
  const lines: { level: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ level: 'info', format: 'json', secrets: [], destination });
  const store = await openStore({ path, clock: new ManualClock(), log, retention: 30 * DAY });
  expect([store.settled.has(1), store.settled.has(50)]).toEqual([true, false]);
  await store.close();
  const kept = join(path, 'damaged-2026-11-24T12-00-00.000Z');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'error',
      kept,
      damage: [expect.objectContaining({ file: damaged[0]?.split(' ')[0], bytes: expect.any(Number) })],
    }),
  ]);
  expect(filesOf(kept)).toEqual(damaged);
  await storeWithAJob();
  expect(readdirSync(path).filter((name) => name.startsWith('opening-'))).toEqual([]);
});

test('an undamaged store keeps no copy of files, also after a start that was killed during opening', async () => {
  await storeWithAJob();
  mkdirSync(join(path, 'opening-killed'));
  await storeWithAJob();
  expect(readdirSync(path).filter((name) => /^(opening|damaged)-/.test(name))).toEqual([]);
});

test('a store with a damaged manifest is refused', async () => {
  await storeWithAJob();
  for (const name of readdirSync(path).filter((file) => file.startsWith('MANIFEST'))) {
    writeFileSync(join(path, name), 'torn');
  }
  expect(await refusal()).toMatch(/cannot be opened \(.*\): fix what it names, restore the folder/);
});

test.runIf(canRun(whyNoLimits()))(
  'on a full disk a store is refused with the fix, and is complete once there is room again',
  async () => {
    await storeWithAJob();
    const [refused] = await spawnStore('open-full', path);
    expect(refused?.error).toMatch(
      /^StoreError: The store in .* cannot be opened \(.*File too large\): make room on the disk and start again; nothing in the store is lost\.$/,
    );
    const store = await open();
    expect(store.settled.has(1)).toBe(true);
    await store.close();
  },
);
