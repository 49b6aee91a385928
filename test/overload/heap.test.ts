import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { HeapFigures } from './heap-soak.ts';

test('no loop of the daemon leaks memory, however often it runs', { timeout: 300_000 }, async () => {
  const file = join(import.meta.dirname, 'heap-soak.ts');
  const args = ['--expose-gc', '--import', 'tsx', file];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  const figures = stdout
    .trim()
    .split('\n')
    .map((line): HeapFigures => JSON.parse(line));
  const perPass = figures.map(({ loop, passes, before, after, most }) => {
    const bytes = (after - before) / passes;
    const figure = `${passes} ${loop}: ${before} bytes of heap before, ${after} after`;
    process.stdout.write(`${figure}, ${bytes.toFixed(2)} for each\n`);
    return { loop, isBounded: bytes < most, figure };
  });
  expect(perPass).toHaveLength(4);
  expect(perPass.filter(({ isBounded }) => !isBounded)).toEqual([]);
  expect(stderr).not.toContain('MaxListenersExceededWarning');
});
