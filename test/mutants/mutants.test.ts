import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test.each(MUTANTS)(
  'the line whose change breaks law $law is in $file exactly once',
  ({ file, line, becomes }) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(text.split(line)).toHaveLength(2);
    expect(becomes).not.toBe(line);
  },
);

test('the tests that must find a mutant exist', () => {
  const named = MUTANTS.flatMap(({ tests }) => tests);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
