import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { OWNER } from '../../src/cli/simulation/postgres-server.ts';
import { migrateCommand } from '../../src/cli/store/migrate-command.ts';
import { TABLES } from '../../src/store/engine.ts';
import { migrate } from '../../src/store/postgres/migration/migrate.ts';
import { MIGRATIONS, SHARED_TABLES } from '../../src/store/postgres/migration/migrations.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';
import { SMALLEST, temporaryFolder } from '../config/config-fixture.ts';
import { DAEMON } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';

const port = inject('postgres');

describe.runIf(port)('store migrate', () => {
  let place: PostgresPlace;
  beforeEach(async () => {
    place = new PostgresPlace(port ?? 0);
    await place.make('template1');
  });
  afterEach(() => place.remove());

  const owner = () => place.url(OWNER);
  const openAndClose = async () => (await place.open()).close();

  test('makes the tables once, also when several start it at once', async () => {
    await expect(openAndClose()).rejects.toThrow(/jeballto-runner store migrate/);
    const done = await Promise.all([1, 2, 3].map(() => migrate(owner(), DAEMON)));
    expect(done.map(({ from }) => from).sort()).toEqual([0, MIGRATIONS.length, MIGRATIONS.length]);
    const { rows } = await place.ask(
      "select table_name from information_schema.tables where table_schema = 'jeballto_runner'",
    );
    expect(rows).toHaveLength(TABLES.length + SHARED_TABLES.length + 3);
    await openAndClose();
  });

  test('changes a database of an earlier version, with which the daemon does not start', async () => {
    await migrate(owner(), DAEMON);
    // As the first version made it.
    await place.ask(
      'drop schema jeballto_runner cascade; create schema jeballto_runner;' +
        'create table jeballto_runner.migrations (version int primary key, applied_at timestamptz not null default now());' +
        `${MIGRATIONS[0]} insert into jeballto_runner.migrations (version) values (1);` +
        `grant usage on schema jeballto_runner to ${DAEMON}; grant select on jeballto_runner.migrations to ${DAEMON}`,
    );
    await expect(openAndClose()).rejects.toThrow(
      `its tables are those of version 1, and this daemon needs ${MIGRATIONS.length}: run "jeballto-runner store migrate"`,
    );
    expect(await migrate(owner(), DAEMON)).toEqual({ from: 1, to: MIGRATIONS.length });
    await openAndClose();
  });

  test('leaves a database of a newer version as it is, and the daemon works with it', async () => {
    await migrate(owner(), DAEMON);
    await place.ask('insert into jeballto_runner.migrations (version) values (99)');
    expect(await migrate(owner(), null)).toEqual({ from: 99, to: 99 });
    await openAndClose();
  });

  test('makes nothing when a part of it fails', async () => {
    const role = `nobody_${randomUUID().slice(0, 8)}`;
    await expect(migrate(owner(), role)).rejects.toThrow(
      /does not exist\): create that role, or name another with --role\.$/,
    );
    const { rows } = await place.ask("select 1 from pg_namespace where nspname = 'jeballto_runner'");
    expect(rows).toEqual([]);
  });

  test('is refused for a role that owns nothing, with the fix', async () => {
    await expect(migrate(place.url(), null)).rejects.toThrow(
      /permission denied.*: run "jeballto-runner store migrate --role ROLE" as the owner of the database/,
    );
  });

  test('as a command takes the owner from a file, and gives the role of the config its rights', async () => {
    const folder = temporaryFolder();
    const [config, urlFile] = [join(folder, 'config.json'), join(folder, 'owner.url')];
    writeFileSync(config, JSON.stringify({ ...SMALLEST, store: { url: place.url() } }));
    writeFileSync(urlFile, `${owner()}\n`);
    const { terminal, lines } = recordingTerminal();
    expect(await migrateCommand({ config, urlFile }, terminal)).toBe(0);
    expect(await migrateCommand({ config, urlFile, json: true }, terminal)).toBe(0);
    const name = place.url().replace(/\/\/.*@/, '//');
    expect(lines.out).toEqual([
      `${name} has version ${MIGRATIONS.length} now (before: 0).`,
      `The role ${DAEMON} may use its tables.`,
      JSON.stringify({ place: name, from: MIGRATIONS.length, to: MIGRATIONS.length, role: DAEMON }),
    ]);
    await openAndClose();
    writeFileSync(config, JSON.stringify(SMALLEST));
    await expect(migrateCommand({ config }, terminal)).rejects.toThrow(/has no store\.url/);
    writeFileSync(urlFile, 'mysql://user:secret@host/db');
    writeFileSync(config, JSON.stringify({ ...SMALLEST, store: { url: place.url() } }));
    await expect(migrateCommand({ config, urlFile }, terminal)).rejects.toThrow(
      /^What .*owner\.url holds is not the URL of a PostgreSQL database: write/,
    );
  });
});
