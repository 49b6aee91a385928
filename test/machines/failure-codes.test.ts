import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAILURE_CODES } from '../../machines/failure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const text = ['machines', 'src']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((file) => file.endsWith('.ts') && file !== join('machines', 'failure.ts'))
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n');

test('law 10: every code of the union of failures occurs in the code', () => {
  expect(FAILURE_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});
