import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { OWNER, type PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { inspectPostgres } from '../../src/store/postgres/inspect-postgres.ts';
import { DAY, settledJob } from '../store/records.ts';
import { canRun } from '../support/can-run.ts';
import { DAEMON, migratedServer, TEMPLATE } from './migrated-server.ts';

const log = pino({ level: 'silent' });
const PASSWORD = 'p@ss/wörd %41';
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A CA, and a certificate of it for localhost. */
function makeCertificates(folder: string): void {
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-subj', '/CN=test CA', '-keyout', 'ca.key', '-out', 'ca.pem');
  run('req', ...key, '-subj', '/CN=localhost', '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost');
  run(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-extfile', 'names', '-out', 'server.pem'],
  );
}

describe.runIf(inject('postgres') && canRun(hasOpenssl ? null : 'this machine has no openssl'))(
  'a server that wants TLS and a password',
  () => {
    let server: PostgresServer;
    let database: string;
    beforeAll(async () => {
      server = await migratedServer({
        settings: { ssl: 'on', ssl_cert_file: '../server.pem', ssl_key_file: '../server.key' },
        prepare(folder, { uid = -1, gid = -1 }) {
          makeCertificates(folder);
          chmodSync(join(folder, 'server.key'), 0o600);
          for (const name of ['server.key', 'server.pem']) chownSync(join(folder, name), uid, gid);
          chmodSync(join(folder, 'ca.pem'), 0o644);
          const rules = join(folder, 'data', 'pg_hba.conf');
          writeFileSync(
            rules,
            `host all ${OWNER} all trust\nhostssl all ${DAEMON} all scram-sha-256\nhostnossl all ${DAEMON} all reject\n`,
          );
        },
      });
      await server.ask(`alter role ${DAEMON} password '${PASSWORD}'`);
      database = 'protected';
      await server.ask(`create database ${database} template ${TEMPLATE}`);
    });
    afterAll(() => server.remove());

    const url = (options: string, { host = 'localhost', password = PASSWORD, name = database } = {}) =>
      `postgres://${DAEMON}:${encodeURIComponent(password)}@${host}:${server.port}/${name}?${options}`;
    const open = (address: string) =>
      openStore({ url: address, clock: systemClock, log, retention: 30 * DAY });
    const ca = () => `sslmode=verify-full&sslrootcert=${join(server.folder, 'ca.pem')}`;

    test('is used with its own CA', async () => {
      const store = await open(url(ca()));
      store.settled.put(settledJob(1));
      await store.close();
      const { rows } = await server.ask('select key from jeballto_runner.settled', [], database);
      expect(rows).toEqual([{ key: '0000000000000001' }]);
    });

    test.each([
      ['without its CA', () => url('sslmode=verify-full'), /sslrootcert=\/path\/ca\.pem\.$/],
      [
        'by another name than that of its certificate',
        () => url(ca(), { host: '127.0.0.1' }),
        /use a host name in store\.url that the certificate/,
      ],
      ['without TLS', () => url('sslmode=disable'), /pg_hba\.conf; if the server asks for TLS/],
      [
        'with a wrong password',
        () => url(ca(), { password: 'wrong password' }),
        /password authentication failed.*: correct the user or the password in store\.url .*PGPASSWORD\.$/,
      ],
      [
        'for a database that does not exist',
        () => url(ca(), { name: 'nope' }),
        /: create the database, or correct its name/,
      ],
    ])('is refused %s with the fix, and nothing of the password', async (_what, address, sentence) => {
      const error = (await open(address()).catch((e: unknown) => e)) as Error;
      expect(error.message).toMatch(sentence);
      expect(error.message).toMatch(
        /^The store in postgres:\/\/(localhost|127\.0\.0\.1):\d+\/(protected|nope) cannot be opened/,
      );
      const whole = [error, error.cause].map((one) => inspect(one, { depth: 9, showHidden: true })).join();
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'wrong password', 'wrong%20password']) {
        expect(whole).not.toContain(secret);
      }
    });

    test('a database without tables, or without rights for the role, is refused with the command that helps', async () => {
      await server.ask('create database bare');
      await expect(open(url(ca(), { name: 'bare' }))).rejects.toThrow(
        /jeballto-runner store migrate" as the owner/,
      );
      await server.ask(`create database narrow template ${TEMPLATE}`);
      await server.ask(`revoke update on jeballto_runner.fence from ${DAEMON}`, [], 'narrow');
      await expect(inspectPostgres(url(ca(), { name: 'narrow' }), systemClock)).rejects.toThrow(
        `the role ${DAEMON} may not update in the table jeballto_runner.fence: run`,
      );
      await server.ask(`grant update on jeballto_runner.fence to ${DAEMON}`, [], 'narrow');
      await server.ask(`revoke delete on jeballto_runner.sent from ${DAEMON}`, [], 'narrow');
      await expect(inspectPostgres(url(ca(), { name: 'narrow' }), systemClock)).rejects.toThrow(
        `the role ${DAEMON} may not delete in the table jeballto_runner.sent: run "jeballto-runner store migrate --role ${DAEMON}"`,
      );
    });

    test('the role of the daemon can make and change no table', async () => {
      for (const statement of [
        'create table jeballto_runner.mine (a int)',
        'drop table jeballto_runner.settled',
        'alter table jeballto_runner.settled add column a int',
        'truncate jeballto_runner.settled',
        'delete from jeballto_runner.fence',
        'insert into jeballto_runner.migrations values (99)',
      ]) {
        await expect(server.ask(`set role ${DAEMON}; ${statement}`, undefined, database)).rejects.toThrow(
          /permission denied|must be owner/,
        );
      }
    });
  },
);
