import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { exportCommand } from '../../src/cli/store/export-command.ts';
import { importCommand } from '../../src/cli/store/import-command.ts';
import { systemClock } from '../../src/clock.ts';
import { openStore, type StorePlace } from '../../src/store/open-store.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';
import { SMALLEST } from '../config/config-fixture.ts';
import { actorRecord, DAY, journalEntry, settledJob } from '../store/records.ts';
import { putBadRows } from '../store/unreadable-rows.ts';
import { PostgresPlace } from './postgres-place.ts';

const port = inject('postgres');

describe.runIf(port)('moves between LevelDB and PostgreSQL', () => {
  let place: PostgresPlace;
  let folder: string;
  beforeEach(async () => {
    place = new PostgresPlace(port ?? 0);
    await place.make();
    folder = mkdtempSync(join(tmpdir(), 'store-'));
  });
  afterEach(async () => {
    await place.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (name: string) => join(folder, name);
  const open = (where: StorePlace) =>
    openStore({ ...where, clock: systemClock, log: pino({ level: 'silent' }), retention: 30 * DAY });
  const withConfig = (store: object) => {
    writeFileSync(at('config.json'), JSON.stringify({ ...SMALLEST, store }));
    return { config: at('config.json'), json: true };
  };
  const text = { value: 'running', name: 'bäuen 🍏 \0 \ud83c' };

  async function fill(where: StorePlace): Promise<void> {
    const store = await open(where);
    store.actors.put('7', actorRecord(text));
    for (let n = 1; n <= 700; n += 1) store.journal.append(journalEntry({ attempt: n }));
    store.settled.put(settledJob(5));
    await store.close();
  }

  async function facts(where: StorePlace) {
    const store = await open(where);
    const { records } = await store.actors.read();
    const journal = [];
    for await (const { attempt } of store.journal.read({ jobId: 7 })) journal.push(attempt);
    const settled = await store.settled.newest(5);
    const { unreadable } = store.counts();
    await store.close();
    return { records, journal, settled, unreadable };
  }

  test('keep everything there and back; a moved store does not start and says where it went', async () => {
    await fill({ path: at('old') });
    const before = await facts({ path: at('old') });
    const { terminal, lines } = recordingTerminal();
    expect(await importCommand(at('old'), withConfig({ url: place.url() }), terminal)).toBe(0);
    expect(await facts({ url: place.url() })).toEqual(before);
    const name = place.url().replace(/\/\/.*@/, '//');
    await expect(open({ path: at('old') })).rejects.toThrow(
      `it was moved to ${name}, and its records go on there`,
    );

    writeFileSync(at('from.url'), place.url());
    expect(
      await importCommand(
        undefined,
        { ...withConfig({ path: at('new') }), urlFile: at('from.url') },
        terminal,
      ),
    ).toBe(0);
    expect(await facts({ path: at('new') })).toEqual(before);
    await expect(open({ url: place.url() })).rejects.toThrow(
      `it was moved to ${at('new')}, and its records go on there`,
    );
    const [there, back] = lines.out.map((line) => JSON.parse(line));
    expect(there).toMatchObject({
      from: at('old'),
      to: name,
      rows: 1_402,
      tables: { actors: 1, journal: 700 },
    });
    expect(back).toMatchObject({ from: name, to: at('new'), rows: 1_402, checksum: there.checksum });
  });

  test('go through a file', async () => {
    await fill({ url: place.url() });
    const before = await facts({ url: place.url() });
    const { terminal } = recordingTerminal();
    expect(await exportCommand(at('records.jsonl'), withConfig({ url: place.url() }), terminal)).toBe(0);
    await expect(open({ url: place.url() })).rejects.toThrow(`it was moved to ${at('records.jsonl')}`);
    expect(await importCommand(at('records.jsonl'), withConfig({ path: at('new') }), terminal)).toBe(0);
    expect(await facts({ path: at('new') })).toEqual(before);
  });

  test('bring along rows that PostgreSQL could not hold as they are', async () => {
    await fill({ path: at('old') });
    await putBadRows(at('old'));
    const { terminal } = recordingTerminal();
    expect(await importCommand(at('old'), withConfig({ url: place.url() }), terminal)).toBe(0);
    const { unreadable, journal, records } = await facts({ url: place.url() });
    expect(unreadable).toBeGreaterThan(100);
    expect([journal.length > 690, records.length > 0]).toEqual([true, true]);
  });

  test('are refused while a daemon uses the source or the target', async () => {
    await fill({ path: at('old') });
    const { terminal } = recordingTerminal();
    const inUse = await open({ url: place.url() });
    await expect(importCommand(at('old'), withConfig({ url: place.url() }), terminal)).rejects.toThrow(
      /another daemon uses it/,
    );
    writeFileSync(at('from.url'), place.url());
    await expect(
      importCommand(undefined, { ...withConfig({ path: at('new') }), urlFile: at('from.url') }, terminal),
    ).rejects.toThrow(/another daemon uses it/);
    await inUse.close();
    const folderInUse = await open({ path: at('old') });
    await expect(importCommand(at('old'), withConfig({ url: place.url() }), terminal)).rejects.toThrow(
      /Another daemon uses the store in/,
    );
    await folderInUse.close();
    expect((await facts({ path: at('old') })).journal).toHaveLength(700);
  });
});
