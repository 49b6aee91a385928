import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { soon } from '../support/soon.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const TSX = createRequire(import.meta.url).resolve('tsx');

/** Why there is no pseudo-terminal here; null when there is one. */
export function whyNoTerminal(): string | null {
  try {
    if (/util-linux/.test(execFileSync('script', ['--version'], { encoding: 'utf8' }))) return null;
  } catch {
    // The system has another `script`, or none.
  }
  return 'the program "script" of util-linux, which makes a pseudo-terminal, is not here';
}

/** The command line at a terminal of 100 columns, run from its sources. */
export function atTerminal(args: string[], { cwd = tmpdir(), env = {} as NodeJS.ProcessEnv } = {}) {
  const command = [process.execPath, '--import', TSX, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols 100 rows 40; ${command}`, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm-256color', ...env },
  });
  let output = '';
  let read = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const shown = () => stripVTControlCharacters(output);
  return {
    shown,
    /** Waits until `text` appears after the text of the last wait, then types. */
    async see(text: string, keys = ''): Promise<void> {
      await soon(() => expect(shown().slice(read)).toContain(text));
      read = shown().indexOf(text, read) + text.length;
      if (keys !== '') child.stdin.write(keys);
    },
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
  };
}
