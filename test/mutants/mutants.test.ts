import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants.ts';

test.each(MUTANTS)('the line that breaks law $law stands once in $file', ({ file, line, becomes }) => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8');
  expect(text.split(line)).toHaveLength(2);
  expect(becomes).not.toBe(line);
});
