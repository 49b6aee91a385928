import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../../src/cli/terminal/terminal-text.ts';
import { refuseUsage, scriptOptions } from '../support/script-options.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

// Breaks each law by a change of one line in a copy of the project, and checks that a test fails that passed
// before.

const USAGE = `npm run mutants -- [options]
  --only TEXT    those whose law or file contains the text; may be given again
`;

const { only } = scriptOptions(USAGE, { only: { type: 'string', multiple: true, default: [] } });
const chosen = MUTANTS.filter(
  ({ law, file }) => only.length === 0 || only.some((text) => law.includes(text) || file.includes(text)),
);
if (chosen.length === 0) refuseUsage(USAGE, `No mutant has ${only.join(' or ')} in its law or its file.`);

const ROOT = join(import.meta.dirname, '../..');
const COPIED = [
  'src',
  'machines',
  'test',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'README.md',
];

const copy = mkdtempSync(join(tmpdir(), 'jeballto-mutants-'));
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

  const tests = [...new Set(chosen.flatMap(({ tests: of }) => of))];
  if (!passes(tests)) throw new Error('the tests fail before anything was changed');
  const rows = chosen.map((mutant) => [mutant.law, mutant.file, survives(mutant) ? 'SURVIVED' : 'killed']);
  for (const line of textTable([['LAW', 'FILE', 'MUTANT'], ...rows])) console.log(line);
  const survivors = rows.filter(([, , fate]) => fate === 'SURVIVED').length;
  console.log(`${rows.length - survivors} passed, ${survivors} failed`);
  process.exitCode = survivors === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true });
}

function survives({ file, line, becomes, tests }: Mutant): boolean {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(line).length !== 2) throw new Error(`${file} does not hold this once: ${line}`);
  writeFileSync(
    path,
    text.replace(line, () => becomes),
  );
  try {
    return passes(tests);
  } finally {
    writeFileSync(path, text);
  }
}

function passes(tests: string[]): boolean {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', ...tests];
  return spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' }).status === 0;
}
