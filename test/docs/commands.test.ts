import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { commandLine } from '../../src/cli/program/program.ts';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
);
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

interface Line {
  page: string;
  command: string;
}

/** The code blocks of a language, without the indentation of the list around them. */
function blocks(page: string, language: string): string[] {
  return [...textOf(page).matchAll(new RegExp(`^( *)\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** Each command on the pages: the lines of shell blocks, and commands within a sentence. */
function commands(): Line[] {
  return PAGES.flatMap((page) => {
    const inBlocks = blocks(page, 'sh').flatMap((block) =>
      block
        .replaceAll(/\\\n\s*/g, ' ')
        .split('\n')
        .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/ (?:&&|;|\|) (?=(?:[^']*'[^']*')*[^']*$)/))
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
    const inText = [...textOf(page).matchAll(/`(jeballto-runner [^`\n]+)`/g)].map(
      ([, command = '']) => command,
    );
    return [...inBlocks, ...inText].map((command) => ({ page, command }));
  });
}

const ALL = commands();

/** Splits a command into words as a shell does, as far as the pages need it. */
const wordsOf = (command: string) =>
  [...command.replace(/\s\d?>.*$/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );

/** The command line with commands that do nothing. */
function idle(): Command {
  const silence = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.action(() => undefined);
    for (const below of command.commands) silence(below);
  };
  const program = commandLine();
  silence(program);
  return program;
}

test('every jeballto-runner command on the pages exists, with its options', () => {
  const wrong = ALL.flatMap(({ page, command }) => {
    const [, own] = /^(?:sudo )?(?:npx )?jeballto-runner (.*)$/.exec(command) ?? [];
    // A number or a name replaces `<job>` and other placeholders.
    if (own === undefined || own.startsWith('<command>')) return [];
    try {
      idle().parse(wordsOf(own.replace('<job>', '51234567890')), { from: 'user' });
      return [];
    } catch (error) {
      const { code, message } = error as CommanderError;
      return code === 'commander.helpDisplayed' ? [] : [`${page}: ${command}: ${message}`];
    }
  });
  expect(wrong).toEqual([]);
  expect(ALL.filter(({ command }) => command.includes('jeballto-runner ')).length).toBeGreaterThan(40);
});

test('every npm script on the pages exists', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const named = ALL.map(({ command }) => /^npm run (?:--silent )?([\w:-]+)/.exec(command)?.[1]).filter(
    (name) => name !== undefined,
  );
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('no page has a command of a program that this test does not know', () => {
  // Each is tested here, or needs a Mac, GitHub or a running system.
  const known =
    /^(?:(?:sudo )?(?:npx )?jeballto-runner|npm|npx|curl|cd|mkdir|cp|tar|rm|jq|node|brew|\.ci\/run|(?:sudo )?(?:launchctl|systemctl|journalctl|pmset|pino-pretty)|tailscale|cloudflared|ssh|sort|uniq|pg_dump|pg_restore)\b/;
  const strange = ALL.filter(({ command }) => /^[a-z.]/.test(command) && !known.test(command));
  // Lines of a quoted program begin with other characters.
  expect(strange.filter(({ command }) => !/^(?:import|const|await|for) /.test(command))).toEqual([]);
});

test('every configuration on the pages loads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-docs-'));
  const env = { GITHUB_TOKEN: 'ghp_example', JEBALLTO_TOKEN: 'A'.repeat(36), HOME: folder };
  writeFileSync(join(folder, 'app.pem'), execFileSync('openssl', ['genrsa', '-traditional', '2048']));
  const rest = {
    github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
    jeballto: { token: 'A'.repeat(36) },
    labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
  };
  let loaded = 0;
  for (const page of PAGES) {
    for (const block of blocks(page, 'json')) {
      const content = JSON.parse(block) as Record<string, unknown>;
      if (!('github' in content || 'hosts' in content)) continue;
      const path = join(folder, 'config.json');
      const { jeballto, ...others } = rest;
      writeFileSync(
        path,
        JSON.stringify({ ...others, ...('hosts' in content ? {} : { jeballto }), ...content }),
      );
      expect(() => loadConfig({ path, env }), page).not.toThrow();
      loaded += 1;
    }
  }
  expect(loaded).toBeGreaterThan(1);
  rmSync(folder, { recursive: true });
});

test('every workflow on the pages is YAML whose jobs run on the label of the examples', () => {
  const workflows = PAGES.flatMap((page) => blocks(page, 'yaml')).map((block) => parse(block));
  for (const { jobs } of workflows.filter((one) => 'jobs' in one)) {
    for (const job of Object.values(jobs)) expect(job).toMatchObject({ 'runs-on': 'jeballto-macos' });
  }
  expect(workflows.some((one) => 'jobs' in one)).toBe(true);
});

test('every curl command for a simulator is accepted by a simulator', async () => {
  const world = await startSimulatedWorld({
    ...{ clock: systemClock, random: Math.random, host: '127.0.0.1', port: 0, macs: 1 },
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  const env = { ...process.env, A: world.macs[0]?.url.replace(/\/v1$/, ''), G: world.github.url };
  const curls = ALL.filter(({ command }) => /^curl .*\$[AG]\/_sim\//.test(command));
  expect(curls.length).toBeGreaterThan(2);
  for (const { command } of curls) {
    const line = command.replace(/^curl /, 'curl --silent --show-error --fail-with-body ');
    const { stderr } = await promisify(execFile)('bash', ['-c', line], { env });
    expect({ command, stderr }).toEqual({ command, stderr: '' });
  }
  expect(world.github.faults.list().length).toBe(1);
  await world.close();
});

test('every fault on the pages is accepted by a simulator', async () => {
  const { faultSchema } = await import('../../src/simulator/faults.ts');
  const { bootPlanSchema } = await import('../../src/simulator/agent/boot-plan.ts');
  const shown = [...textOf('docs/simulation.md').matchAll(/`?(\[\{"route".*?\}\])/g)].map(
    ([, list = '']) => list,
  );
  expect(shown.length).toBeGreaterThan(4);
  for (const list of shown) {
    for (const fault of JSON.parse(list)) {
      const { route, body } = faultSchema.parse(fault);
      if (route.startsWith('guest boot')) expect(() => bootPlanSchema.parse(body)).not.toThrow();
    }
  }
});

test('every file that a command on the pages names exists', () => {
  const named = ALL.flatMap(({ command }) =>
    [...command.matchAll(/@(examples\/\S+)/g)].map(([, file = '']) => file),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
