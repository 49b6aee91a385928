import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '../../src/store/engine.ts';
import { LevelEngine } from '../../src/store/leveldb/level-engine.ts';
import { openLevel } from '../../src/store/leveldb/open-level.ts';
import { exportStore, fileSource, importStore, storeSource } from '../../src/store/move/move-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { markUsable } from '../../src/store/store-format.ts';
import { numberKey } from '../../src/store/tables/table.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase } from '../support/memory-store.ts';
import { actorRecord, DAY, journalEntry, settledJob } from './records.ts';

const log = pino({ level: 'silent' });
const clock = new ManualClock();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const options = { clock, log, retention: 30 * DAY };
const at = (name: string) => join(folder, name);
const openAt = (name: string) => openStore({ path: at(name), ...options });
const engineAt = (name: string) => openLevel(at(name), { clock, log });

/** A store with some records; more than one batch of them. */
async function filled(name: string): Promise<void> {
  const store = await openAt(name);
  store.actors.put('7', actorRecord({ value: 'running', name: 'bäuen 🍏 \0 \ud83c' }));
  for (let n = 1; n <= 700; n += 1) store.journal.append(journalEntry({ attempt: n }));
  store.settled.put(settledJob(5));
  store.names.put(7, 300, clock.now());
  await store.close();
}

async function facts(name: string) {
  const store = await openAt(name);
  const { records } = await store.actors.read();
  const journal = [];
  for await (const { attempt } of store.journal.read()) journal.push(attempt);
  const found = {
    records,
    journal,
    settled: await store.settled.newest(5),
    last: store.names.lastOf(7),
    counts: store.counts(),
    unreadable: store.quarantine.rows(),
  };
  await store.close();
  return found;
}

/** Imports, and closes both. */
async function move(from: Engine, to: Engine) {
  try {
    return await importStore(await storeSource(from, clock), to);
  } finally {
    await to.close();
    await from.close();
  }
}

test('everything is moved, the source does not start again and says where it went', async () => {
  await filled('old');
  const before = await facts('old');
  const moved = await move(await engineAt('old'), await engineAt('new'));
  expect(moved.tables).toEqual({ actors: 1, journal: 700, journalOfJob: 700, names: 1, settled: 1 });
  expect(await facts('new')).toEqual(before);
  await expect(openAt('old')).rejects.toThrow(
    `The store in ${at('old')} cannot be used: it was moved to ${at('new')}, and its records go on there. Name that one in the config (store.path or store.url).`,
  );
  await expect(move(await engineAt('old'), await engineAt('other'))).rejects.toThrow(
    /cannot be moved: it was moved to/,
  );
});

test('a move through a file keeps everything, and the file can be imported once', async () => {
  await filled('old');
  const before = await facts('old');
  const engine = await engineAt('old');
  const file = at('records.jsonl');
  const exported = await exportStore(engine, file, clock);
  await engine.close();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(openAt('old')).rejects.toThrow(`it was moved to ${file}`);
  const target = await engineAt('new');
  const imported = await importStore(fileSource(file), target);
  await target.close();
  expect(String(imported)).toBe(String(exported));
  expect(await facts('new')).toEqual(before);
  expect(existsSync(file)).toBe(false);
  // Its records would otherwise go on in two stores.
  const again = await engineAt('old');
  await expect(exportStore(again, file, clock)).rejects.toThrow(/cannot be moved: it was moved to/);
  await again.close();
});

test.each([
  ['cut short', (text: string) => text.slice(0, -200)],
  ['without its last line', (text: string) => text.split('\n').slice(0, -2).join('\n')],
  ['with a changed row', (text: string) => text.replace('running', 'resting')],
  ['with more after its end', (text: string) => `${text}["noted","1","{}"]\n`],
  ['that is a config', () => '{"github":{}}'],
])('a file %s is refused, and the target is not changed', async (_what, change) => {
  await filled('old');
  const engine = await engineAt('old');
  const file = at('records.jsonl');
  await exportStore(engine, file, clock);
  await engine.close();
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  const target = await engineAt('new');
  await expect(importStore(fileSource(file), target)).rejects.toThrow(
    /is not whole, or was changed|is not a file of "jeballto-runner store export"/,
  );
  await expect(importStore(fileSource(at('nowhere.jsonl')), target)).rejects.toThrow(
    /cannot be read \(ENOENT\)/,
  );
  await target.close();
  await (await openAt('new')).close();
});

test('law 2: an unreadable number of names is moved under its key, and no number of it is used again', async () => {
  const engine = await engineAt('old');
  await markUsable(engine);
  await engine.write([{ type: 'put', table: 'names', key: numberKey(7), value: '{"torn' }]);
  const target = await engineAt('new');
  await importStore(await storeSource(engine, clock), target);
  await engine.close();
  await target.close();
  const store = await openAt('new');
  expect(store.names.lastOf(7)).toBeGreaterThan(100_000_000);
  expect(store.quarantine.rows()).toEqual({ names: 1 });
  await store.close();
});

test('a target with records is refused and not changed, and so is a source that was never used', async () => {
  await filled('old');
  await filled('new');
  const before = await facts('new');
  await expect(move(await engineAt('old'), await engineAt('new'))).rejects.toThrow(
    /has records already \(actors\)/,
  );
  expect(await facts('new')).toEqual(before);
  await expect(move(await engineAt('empty'), await engineAt('third'))).rejects.toThrow(
    /has no store to move/,
  );
  expect((await facts('old')).journal).toHaveLength(700);
});

test('a move that was killed before any of its writes leaves at most one store that can be used; again, it ends well', async () => {
  await filled('filled');
  const before = await facts('filled');
  /** Moves, and is killed before a write. */
  const moveUntil = async (writes: number) => {
    const [from, to] = [await engineAt('old'), await engineAt('new')];
    let left = writes;
    for (const engine of [from, to]) {
      const write = engine.write.bind(engine);
      vi.spyOn(engine, 'write').mockImplementation(async (operations) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        await write(operations);
      });
    }
    return move(from, to).catch((error: Error) => error.message);
  };
  const usable = async () => {
    const found = [];
    for (const name of ['old', 'new']) {
      const engine = await engineAt(name);
      const [mark] = await engine.getMany('meta', ['format']);
      await engine.close();
      if (mark === '1') found.push(name);
    }
    return found;
  };
  let writes = 0;
  for (let isKilled = true; isKilled; writes += 1) {
    for (const name of ['old', 'new']) rmSync(at(name), { recursive: true, force: true });
    cpSync(at('filled'), at('old'), { recursive: true });
    isKilled = (await moveUntil(writes)) === 'killed';
    expect([writes, (await usable()).length]).toEqual([
      writes,
      expect.toSatisfy((count: number) => count <= 1),
    ]);
    if (!isKilled) continue;
    expect(await moveUntil(Infinity)).not.toBe('killed');
    expect(await usable()).toEqual(['new']);
    expect(await facts('new')).toEqual(before);
  }
  expect(writes).toBeGreaterThan(5);
});

test('a target that does not return what was written is refused, and the source stays', async () => {
  await filled('old');
  const from = await engineAt('old');
  const to = await LevelEngine.over(memoryDatabase(), 'a bad disk');
  const write = to.write.bind(to);
  vi.spyOn(to, 'write').mockImplementation((operations) =>
    write(
      operations.map((one) =>
        one.type === 'put' && one.table === 'settled' ? { ...one, value: '{}' } : one,
      ),
    ),
  );
  await expect(move(from, to)).rejects.toThrow(
    /a bad disk does not have what was sent \(1403 rows, .* is unchanged/,
  );
  expect((await facts('old')).journal).toHaveLength(700);
});
