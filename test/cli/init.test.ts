import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initCommand } from '../../src/cli/init/init-command.ts';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { systemClock } from '../../src/clock.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { canRun } from '../support/can-run.ts';
import { atTerminal, whyNoTerminal } from './pseudo-terminal.ts';
import { recordingTerminal } from './recording-terminal.ts';

const IMAGE = 'ghcr.io/acme/macos:15';

let folder: string;
let world: SimulatedWorld;
/** The answers that a simulated world accepts, as flags. */
let flags: Record<string, string>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jeballto-init-'));
  world = await startSimulatedWorld({
    ...{ clock: systemClock, random: Math.random, host: '127.0.0.1', port: 0, macs: 1 },
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  ensureRepository(world.github.world, 'acme/app');
  flags = {
    '--agent-url': world.macs[0]?.url ?? '',
    '--agent-token': SIMULATED_AGENT_TOKEN,
    '--github-token': 'ghp_example',
    '--api-url': world.github.url,
    '--repository': 'acme/app',
    '--image': IMAGE,
  };
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'config.json');
const written = () => JSON.parse(readFileSync(path(), 'utf8'));

/** Runs the command with these flags and without a terminal; returns its exit code and its output. */
async function init(given: Record<string, string | boolean>, { config = path(), env = {} } = {}) {
  const { terminal, text, lines } = recordingTerminal({ HOME: folder, ...env });
  const options = Object.entries(given).map(([flag, answer]) => [
    flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    answer,
  ]);
  try {
    const code = await initCommand({ config, check: true, ...Object.fromEntries(options) }, terminal);
    return { code, stdout: text(), stderr: '', found: lines.err };
  } catch (error) {
    const { name, message } = error as Error;
    return { code: name === 'UsageError' ? 64 : 1, stdout: text(), stderr: message, found: lines.err };
  }
}

test('flags alone write the smallest config, which only its owner can read and check accepts', async () => {
  const { code, stdout, stderr } = await init(flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(written()).toEqual({
    jeballto: { base_url: flags['--agent-url'], token: SIMULATED_AGENT_TOKEN },
    github: { api_url: world.github.url, token: 'ghp_example', owner: 'acme', repository: 'app' },
    labels: { 'jeballto-macos': { image: IMAGE } },
  });
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(stdout).toContain('All is well.');
  expect(stdout).not.toContain(SIMULATED_AGENT_TOKEN);
});

test('a second run keeps the keys that init does not ask about, and uses the earlier answers', async () => {
  await init(flags);
  writeFileSync(
    path(),
    JSON.stringify({
      ...written(),
      timeouts: { probing: '3m' },
      admin: { listen: `127.0.0.1:${await freePort(Math.random)}` },
    }),
  );
  const before = written();
  expect((await init({ '--label': 'other' })).code).toBe(0);
  expect(written()).toEqual({ ...before, labels: { ...before.labels, other: { image: IMAGE } } });
});

test('a second run keeps the comments of a YAML file', async () => {
  const yaml = join(folder, 'config.yaml');
  writeFileSync(yaml, '# ours\ncontroller:\n  id: two # the second one\n');
  expect((await init(flags, { config: yaml })).code).toBe(0);
  expect(readFileSync(yaml, 'utf8')).toMatch(/# ours\n.*\n {2}id: two # the second one/);
});

test.each([
  ['--agent-url', 'http://127.0.0.1:9/v1', 1, /ECONNREFUSED/],
  ['--agent-token', 'x'.repeat(36), 1, /token/],
  ['--agent-token', 'short', 64, /--agent-token: The token has 5 bytes/],
  ['--repository', 'acme', 64, /--repository: "acme" is not a repository: write it as owner\/name/],
  ['--repository', 'acme/none', 64, /--repository: .*acme\/none/],
  ['--image', 'https://x/y', 64, /--image: "https:\/\/x\/y" is not an image reference/],
  ['--label', 'a,b', 64, /--label: "a,b" contains a comma/],
])(
  'an answer that does not pass ends it with the reason, and nothing is written: %s %s',
  async (flag, answer, code, said) => {
    const ended = await init({ ...flags, [flag]: answer });
    expect(ended).toMatchObject({ code, stderr: expect.stringMatching(said) });
    expect(existsSync(path())).toBe(false);
  },
);

test('without a terminal a missing answer is named by its flag, and a set variable replaces a secret', async () => {
  const { '--github-token': _, ...rest } = flags;
  const missing = await init(rest);
  expect(missing).toMatchObject({ code: 64, stderr: expect.stringMatching(/^--github-token is missing/) });
  const { code } = await init(rest, { env: { GITHUB_TOKEN: 'ghp_example' } });
  expect(code).toBe(0);
  expect(written().github.token).toBe('${' + 'GITHUB_TOKEN}');
});

test('the webhook gets a new secret, and is made only once for an address', async () => {
  for (const _ of ['once', 'again']) await init({ ...flags, '--webhook': 'https://runner.example' });
  const { webhook_secret: secret } = written().github;
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(written().controller).toEqual({ mode: 'both' });
  expect([...world.github.world.hooks.values()]).toMatchObject([
    { url: 'https://runner.example/webhook', secret, events: ['workflow_job'] },
  ]);
});

test('with --json the result is one line of JSON, and findings go to standard error', async () => {
  const { code, stdout, found } = await init({
    ...flags,
    '--webhook': 'https://runner.example',
    '--json': true,
  });
  expect(code).toBe(0);
  expect(stdout).not.toContain('\n');
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    config: path(),
    label: 'jeballto-macos',
    webhook: 'https://runner.example/webhook',
    service: null,
    warnings: [],
    findings: expect.arrayContaining([expect.objectContaining({ about: 'config', verdict: 'ok' })]),
  });
  expect(found.join('\n')).toContain('answers at');
  const missing = await init({ '--json': true }, { config: join(folder, 'other.json') });
  expect(missing).toMatchObject({ stdout: '', stderr: expect.stringMatching(/./) });
  expect(missing.code).not.toBe(0);
});

test('when the token may not make a webhook, polling is used and the missing right is named', async () => {
  const options = world.github.world.options as { tokens: unknown };
  options.tokens = { ghp_example: { permissions: { actions: 'read', administration: 'write' } } };
  const { code, stdout } = await init({ ...flags, '--webhook': 'https://runner.example' });
  expect(code).toBe(0);
  expect(stdout).toMatch(/! .*no webhook is set up, and polling finds the jobs/);
  expect(written().controller).toBeUndefined();
});

test.runIf(canRun(whyNoTerminal()))(
  'at a terminal each wrong answer is reported at once and the question is asked again',
  async () => {
    const terminal = atTerminal(['init', '--config', path(), '--api-url', world.github.url], { cwd: folder });
    await terminal.see('Where does the Jeballto Agent listen?', 'http://127.0.0.1:9\r');
    await terminal.see('ECONNREFUSED');
    await terminal.see('Where does the Jeballto Agent listen?', `${flags['--agent-url']}\r`);
    await terminal.see('answers at');
    await terminal.see('Its token', `${'x'.repeat(36)}\r`);
    await terminal.see('into the token of this host');
    await terminal.see('Its token', `${SIMULATED_AGENT_TOKEN}\r`);
    await terminal.see('accepts the token');
    await terminal.see('Do you have a GitHub App', '\r');
    await terminal.see('A GitHub token', 'ghp_example\r');
    await terminal.see('belongs to');
    await terminal.see('The repository whose jobs', 'acme/none\r');
    await terminal.see('Not Found');
    await terminal.see('The repository whose jobs', 'acme/app\r');
    await terminal.see('can be read');
    await terminal.see('The label that workflows name', '\r');
    await terminal.see('The image that holds', `${IMAGE}\r`);
    await terminal.see('Set up a webhook?', 'y');
    await terminal.see('The address at which GitHub', 'https://runner.example\r');
    await terminal.see('is made');
    await terminal.see('All is well.');
    await terminal.see('as a service', '\r');
    await terminal.see('runs-on: jeballto-macos');
    expect(await terminal.ended).toBe(0);
    expect(written()).toMatchObject({
      jeballto: { base_url: flags['--agent-url'], token: SIMULATED_AGENT_TOKEN },
      github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
      controller: { mode: 'both' },
      labels: { 'jeballto-macos': { image: IMAGE } },
    });
    expect(terminal.shown()).not.toContain(SIMULATED_AGENT_TOKEN);
  },
);

test.runIf(canRun(whyNoTerminal()))('Ctrl-C at a question writes nothing and says so', async () => {
  const terminal = atTerminal(['init', '--config', path()], { cwd: folder });
  await terminal.see('Where does the Jeballto Agent listen?', '\u0003');
  await terminal.see('Nothing was written.');
  expect(await terminal.ended).toBe(1);
  expect(existsSync(path())).toBe(false);
});

test.runIf(canRun(whyNoTerminal()))(
  'Ctrl-C while an answer is checked writes nothing and says so',
  async () => {
    world.macs[0]?.faults.add({ route: 'GET /health', hang: true });
    const terminal = atTerminal(['init', '--config', path()], { cwd: folder });
    await terminal.see('Where does the Jeballto Agent listen?', `${flags['--agent-url']}\r`);
    await terminal.see('Checking', '\u0003');
    await terminal.see('Nothing was written.');
    expect(await terminal.ended).toBe(1);
    expect(existsSync(path())).toBe(false);
  },
);
