import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canRun } from '../support/can-run.ts';
import { runCli } from './cli-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'jeballto-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = (shell: string) => join(folder, `completion.${shell}`);
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runCli(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    writeFileSync(script(shell), stdout);
  }
});

/** Why a shell's script cannot be tried here; null when it can. */
const missing = (shell: string) =>
  spawnSync(shell, ['--version']).status === 0 ? null : `${shell} is not here: install it`;

/** What the shell offers for the line typed so far, one offer per line. */
const OFFERS: Record<string, (line: string) => string> = {
  bash: (line) => {
    const words = line.split(' ');
    const typed = words.map((word) => `'${word}'`).join(' ');
    return execFileSync('bash', [
      ...['--norc', '-c'],
      `source ${script('bash')}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _jeballto_runner; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]).toString();
  },
  // Completion in zsh needs a terminal, so this prints what the function passes to the completion system.
  zsh: (line) => {
    const words = line.split(' ');
    const asked = `compdef() {}; compadd() { shift; print -l -- "$@" }; _describe() { print -l -- \${(P)2%%:*} }; _files() {}; _message() {}
      source ${script('zsh')}; words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _jeballto_runner`;
    return execFileSync('zsh', ['-fc', asked]).toString();
  },
  fish: (line) =>
    execFileSync('fish', ['--no-config', '-c', `source ${script('fish')}; complete -C '${line}'`], {
      env: { ...process.env, HOME: folder },
    })
      .toString()
      .replaceAll(/\t.*/g, ''),
};

test.for(['bash', 'zsh', 'fish'].filter((shell) => canRun(missing(shell))))(
  '%s completes commands, subcommands, options and their values',
  (shell) => {
    const offers = (line: string) => OFFERS[shell]?.(line).trim().split('\n') ?? [];
    expect(offers('jeballto-runner ')).toEqual(expect.arrayContaining(['start', 'check', 'completion']));
    expect(offers('jeballto-runner simulate ')).toEqual(expect.arrayContaining(['agent', 'world']));
    expect(offers('jeballto-runner gc --')).toContain('--dry-run');
    expect(offers('jeballto-runner gc --')).not.toContain('--faults');
    expect(offers('jeballto-runner simulate world --')).toContain('--faults');
    expect(offers('jeballto-runner chart --format ').sort()).toEqual(['json', 'mermaid', 'svg']);
    expect(offers('jeballto-runner completion ')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  },
);

test('the help of every command has an example', async () => {
  const { stdout } = await runCli(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = '']) => name);
  const examples = await Promise.all(
    commands.filter((name) => name !== 'help').map((name) => runCli([name, '--help'])),
  );
  expect(examples.length).toBeGreaterThan(10);
  for (const { stdout: help } of examples) expect(help).toMatch(/For example:\n {2}jeballto-runner \w+/);
});
