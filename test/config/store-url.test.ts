import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { secretValues } from '../../src/config/secret-values.ts';
import { load, problemLines, SMALLEST, temporaryFolder, variable, writeIn } from './config-fixture.ts';

const withStore = (store: object) => ({ ...SMALLEST, store });

describe('the place of the store', () => {
  test('is a folder by default, and a database when its url is given', () => {
    const folder = temporaryFolder();
    expect(load(SMALLEST, {}, folder).config.store).toEqual({
      path: join(folder, 'data'),
      retention: 30 * 24 * 3_600_000,
      lease: 8_000,
    });
    const url = 'postgres://runner:secret@db.example/jobs';
    expect(load(withStore({ url: variable('DB') }), { DB: url }).config.store).toEqual({
      url,
      retention: 30 * 24 * 3_600_000,
      lease: 8_000,
    });
    expect(load(SMALLEST, { JEBALLTO_RUNNER_STORE_URL: url }).config.store.url).toBe(url);
  });

  test('keeps a lease between 2 seconds and 5 minutes', () => {
    for (const lease of ['1s', '6m']) {
      expect(problemLines(withStore({ lease }))).toEqual([
        expect.stringMatching(/^store\.lease: is out of range: write 2s to 5m\./),
      ]);
    }
    expect(load(withStore({ lease: '4s' })).config.store.lease).toBe(4_000);
  });

  test('is never both', () => {
    const both = withStore({ path: './data', url: 'postgres://runner:secret@db.example/jobs' });
    expect(problemLines(both)).toEqual([
      'store.path: cannot be used together with store.url: keep the folder or the database, and remove the other key.',
    ]);
  });

  test.each([
    'postgresql://db.example/jobs',
    'postgres://runner@/jobs?host=/var/run/postgresql',
    'postgres://%2Fvar%2Frun%2Fpostgresql/jobs',
    'postgres://runner:p%40ss@[::1]:5433/jobs?sslmode=verify-full',
  ])('may be written as %s', (url) => {
    expect(load(withStore({ url })).config.store.url).toBe(url);
  });

  test.each([
    [
      'mysql://runner:secret@db.example/jobs',
      /is not the URL of a PostgreSQL database: write postgres:\/\/user:password@host/,
    ],
    ['postgres://runner:secret@db.example', /names no database/],
    ['postgres://runner:secret@db.example:port/jobs', /cannot be read as a URL/],
    ['postgres://runner:7/secret@db.example:5432/jobs', /cannot be read as a URL.*%2F for \//],
    ['postgres://runner:/secret@db.example:5432/jobs', /cannot be read as a URL.*%2F for \//],
    [
      'postgres://runner:secret@db.example/jobs?sslrootcert=/no/ca.pem',
      /names the file \/no\/ca\.pem for TLS, which cannot be read \(ENOENT\)/,
    ],
  ])('is refused as %s, without a word of it', (url, sentence) => {
    const [problem, ...others] = problemLines(withStore({ url }));
    expect(others).toEqual([]);
    expect(problem).toMatch(sentence);
    expect(problem).not.toContain('secret');
  });

  test('has a password that is a secret in each of its forms', () => {
    const url = 'postgres://runner:p%40ss%2Fword@db.example/jobs';
    expect(secretValues(load(withStore({ url })).config)).toEqual(
      expect.arrayContaining([url, 'p@ss/word', 'p%40ss%2Fword']),
    );
  });

  test('leaves room in names for the numbers of an epoch', () => {
    const names = { controller: { id: 'a'.repeat(16), vm_name_prefix: 'b'.repeat(30) } };
    expect(load({ ...SMALLEST, ...names }).config.store.path).toBeDefined();
    const url = 'postgres://db.example/jobs';
    expect(problemLines({ ...withStore({ url }), ...names })).toEqual([
      expect.stringMatching(/^controller\.vm_name_prefix: makes names of up to 70 characters/),
    ]);
  });

  test('may name a CA that is there', () => {
    const folder = temporaryFolder();
    const ca = writeIn(folder, 'ca.pem', 'a CA');
    const url = `postgres://db.example/jobs?sslmode=verify-full&sslrootcert=${ca}`;
    expect(load(withStore({ url }), {}, folder).config.store.url).toBe(url);
  });
});
