import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { jitBody, REPOSITORY, RUNNERS, servedGitHub } from '../github/github-fixture.ts';

export const RUNNER_FILES = fileURLToPath(
  new URL('../../../src/simulator/guest/runner-files', import.meta.url),
);

/** What a test started; each file of tests calls `cleanUp` after each. */
export const cleanups: (() => Promise<void> | void)[] = [];

/** After each test: ends what it started, the last thing first. */
export async function cleanUp() {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

interface Started {
  readonly pid: number;
  readonly output: string;
  readonly exit: Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
}

/** A runner's folder, in which the simulated runner can be started. */
export function folder(env: Record<string, string> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'jeballto-runner-'));
  cpSync(RUNNER_FILES, root, { recursive: true });
  cleanups.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const start = (args: string[], more: Record<string, string> = {}): Started => {
    const child = spawn(process.execPath, ['simulated-runner.mjs', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: root, SIM_RUNNER_RETRY_MS: '20', ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text;
      });
    }
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
    cleanups.push(async () => {
      child.kill('SIGKILL');
      await exit;
    });
    return {
      pid: child.pid ?? 0,
      exit,
      signal: (name) => child.kill(name),
      get output() {
        return output;
      },
    };
  };
  return {
    root,
    start,
    has: (name: string) => existsSync(join(root, name)),
    read: (name: string) => readFileSync(join(root, name), 'utf8'),
  };
}

/** A served GitHub with a registered JIT runner and a folder for it. */
export async function withJit(
  settings: Parameters<typeof servedGitHub>[0] = {},
  env: Record<string, string> = {},
) {
  const github = await servedGitHub(settings);
  cleanups.push(() => github.close());
  ensureRepository(github.world, REPOSITORY);
  const { body } = await github.ask('POST', `${RUNNERS}/generate-jitconfig`, jitBody('mac'));
  const blob: string = body.encoded_jit_config;
  const guest = folder(env);
  return {
    ...github,
    ...guest,
    blob,
    runnerId: body.runner.id as number,
    run: (more: Record<string, string> = {}) =>
      guest.start(['run'], { ACTIONS_RUNNER_INPUT_JITCONFIG: blob, ...more }),
  };
}

/** Waits until a runner has opened its session. */
export const listening = (runner: Started) =>
  vi.waitFor(() => expect(runner.output).toContain('Listening for Jobs'), 10_000);
