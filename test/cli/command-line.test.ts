import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, expect, test } from 'vitest';
import { commandLine } from '../../src/cli/program/program.ts';
import { systemClock } from '../../src/clock.ts';
import { login, run } from '../simulator/guest/guest-fixture.ts';
import { runCli, startCli } from './cli-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'jeballto-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('version names the package, Node and the platform', async () => {
  const { code, stdout } = await runCli(['version', '--json']);
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect({ code, ...JSON.parse(stdout) }).toEqual({
    code: 0,
    name: 'jeballto-runner',
    version,
    node: process.versions.node,
    platform: process.platform,
    arch: process.arch,
  });
});

test('help names every command', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const command of ['start', 'check', 'jobs', 'gc', 'demo', 'simulate', 'version']) {
    expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  }
});

test('every command has --json, except start, whose log is JSON by its config, and completion', () => {
  const ends = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(ends);
  const without = ends(commandLine()).filter(({ options }) => !options.some(({ long }) => long === '--json'));
  expect(without.map((command) => command.name())).toEqual(['start', 'completion']);
});

test.each([
  ['agent', { agent: expect.stringMatching(/\/v1$/), control: expect.stringMatching(/\/_sim$/) }],
  ['github', { github: expect.any(String), control: expect.any(String), token: null }],
  ['guest', { host: '127.0.0.1', port: expect.any(Number), user: 'admin', password: 'admin' }],
  [
    'world',
    {
      config: { hosts: [{ name: 'mac-1' }] },
      github: { url: expect.any(String), control: expect.any(String) },
      agents: [{ url: expect.any(String), control: expect.any(String) }],
    },
  ],
])(
  'simulate %s --json prints one line of JSON with how it is reached, and nothing else',
  async (what, json) => {
    const cli = startCli(['simulate', what, '--port', '0', '--json']);
    await expect.poll(cli.stdout, { timeout: 60_000 }).toMatch(/^.+\n$/);
    expect(JSON.parse(cli.stdout())).toMatchObject(json);
    cli.child.kill('SIGINT');
    expect(await cli.ended).toBe(0);
    expect(cli.stderr()).toBe('');
  },
);

test('a command that does not exist exits with 64 and names the nearest one', async () => {
  const { code, stderr } = await runCli(['strat']);
  expect(code).toBe(64);
  expect(stderr).toContain('Did you mean start?');
});

test('a number out of range exits with 64 and says the range', async () => {
  const { code, stderr } = await runCli(['demo', '--jobs', '0']);
  expect(code).toBe(64);
  expect(stderr).toContain('a whole number from 1 to 1000');
});

test('start without a configuration exits with 78 and says what to copy', async () => {
  const { code, stdout, stderr } = await runCli(['start'], { cwd: folder });
  expect(code).toBe(78);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^config\.json: .*jeballto-runner init/);
});

test('start reports all problems of a configuration at once, on standard error, without a stack trace', async () => {
  const path = file('bad.json', '{"github": {"ownr": "acme"}, "labels": {}, "log": {"level": "loud"}}');
  const { code, stderr } = await runCli(['start', '--config', path]);
  expect(code).toBe(78);
  for (const key of ['github.ownr', 'github.owner', 'labels', 'log.level']) expect(stderr).toContain(key);
  expect(stderr).not.toContain('    at ');
});

test('a signal while the daemon starts is reported at once, and a second one ends the process', async () => {
  const begun = join(folder, 'token-asked');
  const path = file(
    'slow.json',
    JSON.stringify({
      github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
      jeballto: { token_command: ['/bin/sh', '-c', `touch '${begun}'; exec sleep 20`] },
      labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
      store: { path: join(folder, 'slow-store') },
    }),
  );
  const cli = startCli(['start', '--config', path]);
  await expect.poll(() => existsSync(begun), { timeout: 60_000 }).toBe(true);
  cli.child.kill('SIGTERM');
  await expect.poll(cli.stdout, { timeout: 60_000 }).toContain('SIGTERM: the daemon still starts');
  await systemClock.sleepUntil(systemClock.now() + 300);
  cli.child.kill('SIGTERM');
  expect(await cli.ended).toBe(143);
});

test('check shows the problems of a configuration as findings and exits with 78', async () => {
  const path = file('bad.yaml', 'github:\n  owner: acme\nlabels: {}\n');
  const { code, stdout } = await runCli(['check', '--json', '--config', path]);
  const { ok, findings } = JSON.parse(stdout);
  expect({ code, ok }).toEqual({ code: 78, ok: false });
  expect(findings).toContainEqual(expect.objectContaining({ about: 'config', verdict: 'wrong' }));
});

test('a simulated agent prints its address, serves there and ends on SIGINT', async () => {
  const cli = startCli(['simulate', 'agent', '--port', '0', '--seed', '1']);
  await expect.poll(cli.stdout, { timeout: 60_000 }).toMatch(/\n$/);
  const url = cli.stdout().trim();
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'healthy', vmsTotal: 0 });
  expect(cli.stderr()).toContain(`curl -H 'Authorization: Bearer `);
  cli.child.kill('SIGINT');
  expect(await cli.ended).toBe(0);
});

test('a simulated guest accepts the login of its user and lacks what its faults remove', async () => {
  const faults = file('guest.json', '[{"route": "guest boot *", "body": {"missingTools": ["config.sh"]}}]');
  const cli = startCli(['simulate', 'guest', '--port', '0', '--token', 'hunter22', '--faults', faults]);
  await expect.poll(cli.stderr, { timeout: 60_000 }).toContain('Ctrl-C');
  const [host, port] = cli.stdout().trim().split(':');
  expect(host).toBe('127.0.0.1');
  await expect(login(Number(port))).rejects.toThrow(/authentication/);
  const client = await login(Number(port), { password: 'hunter22' });
  expect((await run(client, 'ls actions-runner')).stdout).toMatch(/^bin\n(?!.*config\.sh).*run\.sh/s);
  client.end();
  cli.child.kill('SIGINT');
  expect(await cli.ended).toBe(0);
});

test('a simulated world prints a configuration that check accepts, and starts with the given faults', async () => {
  const faults = file('faults.json', '{"agent": [{"route": "GET /system/capabilities", "status": 503}]}');
  const cli = startCli(['simulate', 'world', '--port', '0', '--faults', faults]);
  await expect.poll(cli.stderr, { timeout: 60_000 }).toContain('Ctrl-C');
  const { code, stdout } = await runCli(['check', '--config', file('world.json', cli.stdout())]);
  expect(stdout).toContain('✓ host mac-1  It accepts the token.');
  expect(stdout).toMatch(/^✗ host mac-1 .*503/m);
  expect(stdout).toContain('✓ github');
  expect(code).toBe(1);
  cli.child.kill('SIGTERM');
  expect(await cli.ended).toBe(0);
});

test.each([
  ['text that is not JSON', '[', 'is not JSON'],
  ['an unknown field', '[{"route": "*", "statsu": 500}]', 'statsu'],
])('faults with %s exit with 64', async (_, text, said) => {
  const { code, stderr } = await runCli(['simulate', 'agent', '--faults', file('wrong.json', text)]);
  expect(code).toBe(64);
  expect(stderr).toContain(said);
});
