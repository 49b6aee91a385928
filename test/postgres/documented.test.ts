import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { postgresPrograms } from '../../src/cli/simulation/postgres-programs.ts';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { migrateCommand } from '../../src/cli/store/migrate-command.ts';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';
import { SMALLEST, temporaryFolder } from '../config/config-fixture.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { actorRecord, DAY, journalEntry, settledJob } from '../store/records.ts';
import { migratedServer } from './migrated-server.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const SECTION = PAGE.slice(PAGE.indexOf('## PostgreSQL'), PAGE.indexOf('## Upgrade, backup, uninstall'));

const blocks = (language: string) =>
  [...SECTION.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );

const [setUp = '', ...queries] = blocks('sql');

describe.runIf(inject('postgres'))('what operations.md says of PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  const url = (role: string, database = 'jeballto') =>
    `postgres://${role}:secret@127.0.0.1:${server.port}/${database}`;
  const open = (database?: string) =>
    openStore({
      url: url('jeballto_runner', database),
      clock: systemClock,
      log: pino({ level: 'silent' }),
      retention: 30 * DAY,
    });

  async function ask(text: string, role: string) {
    const client = new pg.Client({ connectionString: url(role) });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  test('sets a database up, asks it, backs it up and restores it', async () => {
    for (const statement of setUp.split(';').filter((one) => one.trim() !== '')) await server.ask(statement);

    const folder = temporaryFolder();
    const [config, urlFile] = [join(folder, 'config.json'), join(folder, 'owner.url')];
    writeFileSync(config, JSON.stringify({ ...SMALLEST, store: { url: url('jeballto_runner') } }));
    writeFileSync(urlFile, url('jeballto_owner'));
    expect(await migrateCommand({ config, urlFile }, recordingTerminal().terminal)).toBe(0);

    const store = await open();
    const now = Date.now();
    store.actors.put('101', { ...actorRecord(snapshotAt('jitConfig.acting').toJSON()), savedAt: now });
    store.settled.put(settledJob(5, { at: now, outcome: 'lost', blame: 'host' }));
    store.settled.put(settledJob(6, { at: now - 3 * DAY }));
    for (const jobId of [51_234_567_890, 7, 51_234_567_890])
      store.journal.append(journalEntry({ jobId, detail: { code: 'HOST_BUSY' } }));
    store.names.put(7, store.names.lastOf(7) + 100, now);
    const last = store.names.lastOf(7);
    await store.close();

    await server.ask('create role reader login');
    await server.ask('grant connect on database jeballto to reader');
    await ask('grant usage on schema jeballto_runner to reader', 'jeballto_owner');
    await ask('grant select on all tables in schema jeballto_runner to reader', 'jeballto_owner');
    expect(queries).toHaveLength(4);
    const [actors, ends, history, dead] = await Promise.all(queries.map((query) => ask(query, 'reader')));
    const { repository, name } = snapshotAt('jitConfig.acting').context.job;
    expect(actors).toEqual([
      { key: '101', repository, job: name, state: { jitConfig: 'acting' }, since: new Date(now) },
    ]);
    expect(ends).toEqual([{ outcome: 'lost', blame: 'host', code: 'PROFILE_UNKNOWN', count: '1' }]);
    expect(history).toHaveLength(2);
    expect(history?.[0]).toMatchObject({
      attempt: '1',
      event: 'slot.granted',
      state: 'creating',
      failure: 'HOST_BUSY',
    });
    expect(dead?.map(({ relname }) => relname)).toContain('journal');

    await server.ask('create database restored owner jeballto_owner');
    const dump = join(server.folder, 'jeballto.dump');
    const commands =
      blocks('sh')
        .join('\n')
        .match(/^pg_(?:dump|restore) .*$/gm) ?? [];
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const [program = '', ...args] = command
        .replace(/ +#.*$/, '')
        .replace('db.example', `127.0.0.1 -p ${server.port}`)
        .replace('jeballto.dump', dump)
        .split(/ +/);
      const { status, stderr } = spawnSync(join(postgresPrograms() ?? '', program), args, {
        encoding: 'utf8',
      });
      expect([command, status, stderr]).toEqual([command, 0, '']);
    }
    await vi.waitFor(
      async () => {
        const restored = await open('restored');
        const found = [
          restored.actors.has('101'),
          restored.names.lastOf(7) >= last,
          restored.names.lastOf(8) > 0,
        ];
        await restored.close();
        expect(found).toEqual([true, true, true]);
      },
      { timeout: 20_000 },
    );
  });
});
