import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'plist';
import { expect, test } from 'vitest';
import { ExitCode } from '../../src/cli/command.ts';
import { canRun } from '../support/can-run.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');

/** The one block of this language on the page. */
function block(language: string): string {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

test('the launchd file is a property list that starts the daemon again after a crash, and gives it time to end', () => {
  const job = parse(block('xml')) as Record<string, unknown>;
  const [, main, ...rest] = job.ProgramArguments as string[];
  // What the package's `bin` names.
  expect(main).toMatch(/\/node_modules\/jeballto-runner\/dist\/src\/main\.js$/);
  expect(rest.slice(0, 2)).toEqual(['start', '--config']);
  expect(job).toMatchObject({ RunAtLoad: true, KeepAlive: { SuccessfulExit: false }, ExitTimeOut: 60 });
  expect(page).toContain(`~/Library/LaunchAgents/${job.Label}.plist`);
});

test('the systemd unit does not try a config again that cannot be used', () => {
  expect(block('ini')).toContain(`RestartPreventExitStatus=${ExitCode.usage} ${ExitCode.config}\n`);
});

function whyNoAnalyze(): string | null {
  try {
    execFileSync('systemd-analyze', ['--version']);
    return null;
  } catch {
    return 'systemd-analyze, which checks unit files, is not here: install systemd';
  }
}

test.runIf(canRun(whyNoAnalyze()))('the systemd unit passes systemd-analyze verify', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-unit-'));
  const file = join(folder, 'jeballto-runner.service');
  // It also looks whether the program is there.
  writeFileSync(file, block('ini').replace('/usr/local/bin/jeballto-runner', process.execPath));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
