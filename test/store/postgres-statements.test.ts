import { expect, test } from 'vitest';
import { TABLES } from '../../src/store/engine.ts';
import { batchStatement } from '../../src/store/postgres/batch-statement.ts';
import { MIGRATIONS } from '../../src/store/postgres/migration/migrations.ts';
import { placeOf } from '../../src/store/postgres/place-of.ts';
import { sqlTable } from '../../src/store/postgres/sql-table.ts';

test('the migrations make every table of the store', () => {
  const made = MIGRATIONS.join('\n');
  expect(TABLES.filter((table) => !made.includes(`create table ${sqlTable(table)} (`))).toEqual([]);
  expect(sqlTable('journalOfJob')).toBe('jeballto_runner.journal_of_job');
});

test('a batch is one statement, and each of its parts depends on the fence', () => {
  const { text, values } = batchStatement(7, 8, [
    { type: 'put', table: 'actors', key: 'a', value: '1' },
    { type: 'del', table: 'actors', key: 'b' },
    { type: 'put', table: 'settled', key: 'c', value: '2' },
    { type: 'put', table: 'actors', key: 'd', value: '3' },
  ]);
  expect(values).toEqual([7, 8, ['b'], ['a', 'd'], ['1', '3'], ['c'], ['2']]);
  const parts = text.split(/(?=(?:fence|with|without)_?\d* as \()/).filter((part) => /^with\w*_/.test(part));
  expect(parts).toHaveLength(3);
  for (const part of parts) expect(part).toContain('exists (select from fence)');
  expect(text).not.toContain(';');
});

test.each([
  ['postgres://runner:secret@db.example:5433/jobs?sslmode=verify-full', 'postgres://db.example:5433/jobs'],
  ['postgres://runner:secret@/jobs?host=/var/run/postgresql', 'postgres:///var/run/postgresql/jobs'],
  ['postgresql:///jobs', 'postgres://localhost/jobs'],
])('the place of %s has no user, password or option', (url, place) => {
  expect(placeOf(url)).toBe(place);
});
