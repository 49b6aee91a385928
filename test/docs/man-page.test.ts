import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { manPage } from '../../docs/man-page.ts';
import { canRun } from '../support/can-run.ts';

function whyNoGroff(): string | null {
  return spawnSync('groff', ['--version']).status === 0
    ? null
    : 'groff, which reads manual pages, is not here';
}

test.runIf(canRun(whyNoGroff()))(
  'groff renders the manual page without a warning, and it has every command',
  () => {
    const { status, stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-cbou'], {
      input: manPage(),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const said of [
      'init',
      'simulate world',
      '--for <file>',
      'service install',
      'explain <job>',
      'EXIT STATUS',
    ]) {
      expect(stdout).toContain(said);
    }
  },
);
