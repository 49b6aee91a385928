import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'plist';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ExitCode } from '../../src/cli/command.ts';
import { type Manager, serviceUnit } from '../../src/cli/service/service-unit.ts';
import { canRun } from '../support/can-run.ts';
import { runCli } from './cli-process.ts';

const PROGRAM = {
  command: ['/opt/my node/bin/node', '/opt/100% & <more>/main.js'],
  config: '/home/ann/runner/config.json',
  store: '/home/ann/runner/data',
  logFile: '/home/ann/runner/daemon.log',
  user: 'ann',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jeballto-service-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      github: { token: 'ghp_example', owner: 'acme', repository: 'app' },
      jeballto: { token: 'A'.repeat(36) },
      labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
    }),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A replacement for a system program that records its arguments and exits with a given status. */
function fake(name: string, status = 0, said = ''): void {
  const file = join(folder, 'bin', name);
  writeFileSync(
    file,
    `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\necho "${said}" >&2\nexit ${status}\n`,
  );
  chmodSync(file, 0o755);
}

const calls = () =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];

const service = (...args: string[]) =>
  runCli(['service', ...args], {
    cwd: folder,
    env: { HOME: folder, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  });

test('the launchd file is a property list that restarts the daemon after a crash, and gives it time to stop', () => {
  const job = parse(serviceUnit('launchd', PROGRAM)) as Record<string, unknown>;
  expect(job).toMatchObject({
    ProgramArguments: [...PROGRAM.command, 'start', '--config', PROGRAM.config],
    WorkingDirectory: '/home/ann/runner',
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ExitTimeOut: 60,
    SoftResourceLimits: { Core: 0 },
  });
});

test('the systemd units do not restart a daemon whose config cannot be used', () => {
  for (const manager of ['systemd', 'systemd-user'] as const) {
    expect(serviceUnit(manager, PROGRAM)).toContain(
      `RestartPreventExitStatus=${ExitCode.usage} ${ExitCode.config}\n`,
    );
  }
});

test('a system unit may write only to its own folder, unless store or config are elsewhere', () => {
  const inState = { ...PROGRAM, store: '/var/lib/jeballto-runner/data', config: '/etc/jr/config.json' };
  expect(serviceUnit('systemd', inState)).toMatch(/ProtectSystem=strict\nProtectHome=yes\n/);
  expect(serviceUnit('systemd', { ...inState, config: PROGRAM.config })).not.toContain('ProtectHome');
  expect(serviceUnit('systemd', PROGRAM)).toContain('ProtectSystem=full\n');
});

function whyNoAnalyze(): string | null {
  try {
    execFileSync('systemd-analyze', ['--version']);
    return null;
  } catch {
    return 'systemd-analyze, which checks unit files, is not here: install systemd';
  }
}

test.runIf(canRun(whyNoAnalyze())).each(['systemd', 'systemd-user'] as const)(
  'the unit passes systemd-analyze verify, also with blanks and signs in its paths: %s',
  (manager) => {
    const odd = join(folder, 'my node 100% $x');
    mkdirSync(odd);
    writeFileSync(join(odd, 'node'), '#!/bin/sh\n', { mode: 0o755 });
    const unit = serviceUnit(manager, { ...PROGRAM, user: 'root', command: [join(odd, 'node'), '/m.js'] });
    const file = join(folder, 'jeballto-runner.service');
    writeFileSync(file, unit);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
);

const MANAGERS: [Manager, string, string[]][] = [
  [
    'launchd',
    'Library/LaunchAgents/io.github.jeballto-runner.plist',
    ['launchctl bootout', 'launchctl bootstrap'],
  ],
  [
    'systemd-user',
    '.config/systemd/user/jeballto-runner.service',
    [
      'systemctl --user disable --now',
      'systemctl --user daemon-reload',
      'systemctl --user enable --now jeballto-runner.service',
    ],
  ],
];

test.each(MANAGERS)(
  'install writes, checks and starts a service of %s, also when it is run again',
  async (manager, path, steps) => {
    for (const name of ['launchctl', 'systemctl', 'plutil', 'systemd-analyze']) fake(name);
    const file = join(folder, path);
    for (const _ of ['once', 'again']) {
      const { code, stdout, stderr } = await service('install', '--manager', manager);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(`${file} is written.`);
      expect(readFileSync(file, 'utf8')).toContain(join(folder, 'config.json'));
    }
    const [checked = '', ...started] = calls();
    expect(checked).toMatch(manager === 'launchd' ? /^plutil -lint / : /^systemd-analyze --user verify /);
    for (const [at, step] of steps.entries()) expect(started[at]).toContain(step);
    expect(await service('uninstall', '--manager', manager)).toMatchObject({ code: 0 });
    expect(existsSync(file)).toBe(false);
    expect((await service('uninstall', '--manager', manager)).stdout).toContain('nothing to remove');
  },
);

test('with --json each service command prints one line with the state of the service', async () => {
  for (const name of ['launchctl', 'plutil']) fake(name);
  const manager = 'launchd';
  const file = join(folder, 'Library/LaunchAgents/io.github.jeballto-runner.plist');
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await service(...args, '--json', '--manager', manager);
    expect({ code, stderr, lines: stdout.match(/\n/g)?.length }).toEqual({ code: 0, stderr: '', lines: 1 });
    return JSON.parse(stdout);
  };
  const content = expect.stringContaining('<plist');
  expect(await said('print')).toEqual({ manager, file, content });
  expect(await said('install', '--no-start')).toEqual({ manager, file, started: false });
  expect(await said('install')).toEqual({ manager, file, started: true });
  expect(await said('uninstall')).toEqual({ manager, file, removed: true });
  expect(await said('uninstall')).toEqual({ manager, file, removed: false });
});

test('a service file that the system’s checker refuses is not written', async () => {
  fake('plutil', 1, 'unexpected character');
  const { code, stderr } = await service('install', '--manager', 'launchd');
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: 'plutil does not accept the file: unexpected character\n',
  });
  expect(existsSync(join(folder, 'Library'))).toBe(false);
});

test('no service is installed for a config that cannot be used', async () => {
  writeFileSync(join(folder, 'config.json'), '{}');
  expect((await service('install', '--manager', 'launchd')).code).toBe(78);
  expect(existsSync(join(folder, 'Library'))).toBe(false);
});
