import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { type Clock, sleepFor } from '../../clock.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { readConfig } from '../read-config.ts';
import { LAUNCHD_LABEL, type Manager, type ServiceProgram, serviceUnit, UNIT_NAME } from './service-unit.ts';

export interface ServiceOptions {
  config?: string;
  manager?: Manager;
  /** The user of a unit for the machine. */
  user?: string;
  /** False writes the file and starts nothing. */
  start?: boolean;
  json?: boolean;
}

/** The state of the service afterwards. Only `uninstall` sets `removed`, and only `print` sets `content`. */
export interface ServiceResult {
  manager: Manager;
  file: string;
  started?: boolean;
  removed?: boolean;
  content?: string;
}

/**
 * Prints, installs or removes the file with which launchd or systemd runs the daemon. Throws a ConfigError
 * for a config that cannot be used, and a UsageError where there is no such service manager or where it
 * refuses.
 */
export async function serviceCommand(
  what: 'print' | 'install' | 'uninstall',
  options: ServiceOptions,
  terminal: Terminal,
): Promise<number> {
  // With JSON the sentences are left out: the result says the same.
  const say = options.json ? () => undefined : terminal.out;
  const result = await changeService(what, options, { ...terminal, out: say });
  if (options.json) terminal.out(JSON.stringify(result));
  return ExitCode.ok;
}

/** Does the same as `serviceCommand`, and returns the state of the service afterwards. */
export async function changeService(
  what: 'print' | 'install' | 'uninstall',
  options: Omit<ServiceOptions, 'json'>,
  terminal: Terminal,
): Promise<ServiceResult> {
  const manager = options.manager ?? ownManager();
  const file = unitFile(manager, terminal.env);
  if (what === 'uninstall') return { manager, file, removed: uninstall(manager, file, terminal) };
  const { config, path } = readConfig(options.config, terminal);
  const program: ServiceProgram = {
    command: [stableNode(terminal.env), ...process.execArgv, realpathSync(process.argv[1] ?? '')],
    config: resolve(path),
    store: config.store.path ?? null,
    logFile: join(dirname(resolve(path)), 'daemon.log'),
    user: options.user ?? terminal.env.SUDO_USER ?? userInfo().username,
  };
  const unit = serviceUnit(manager, program);
  if (what === 'print') {
    terminal.out(unit.trimEnd());
    return { manager, file, content: unit };
  }
  checkForm(manager, unit);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, unit);
  terminal.out(`${file} is written.`);
  if (options.start === false) {
    terminal.out(`Start it with:\n${startSteps(manager, file).map(shown).join('\n')}`);
    return { manager, file, started: false };
  }
  // A daemon that already runs would go on with the old file.
  for (const step of stopSteps(manager, file)) spawnSync(step[0] ?? '', step.slice(1));
  for (const step of startSteps(manager, file)) await run(step, terminal.clock);
  terminal.out(
    `The daemon is started, and starts again after every ${manager === 'systemd' ? 'boot' : 'login'}.`,
  );
  terminal.out(
    `See its log and its jobs with:\n${shown(lookStep(manager, program))}\n  jeballto-runner jobs`,
  );
  return { manager, file, started: true };
}

/** Returns false when there was nothing to remove. */
function uninstall(manager: Manager, file: string, { out }: Terminal): boolean {
  if (!existsSync(file)) {
    out(`There is no ${file}: nothing to remove.`);
    return false;
  }
  for (const step of stopSteps(manager, file)) spawnSync(step[0] ?? '', step.slice(1));
  rmSync(file);
  if (manager !== 'launchd') spawnSync(...systemctl(manager, 'daemon-reload'));
  out(
    `The daemon is stopped and ${file} is removed. Config, store and log stay. Jobs that run in VMs go on, and nothing cleans up after them until a daemon starts.`,
  );
  return true;
}

function ownManager(): Manager {
  if (process.platform === 'darwin') return 'launchd';
  if (process.platform !== 'linux') {
    throw new UsageError(
      'This system has neither launchd nor systemd: let its own service manager run "jeballto-runner start".',
    );
  }
  return process.getuid?.() === 0 ? 'systemd' : 'systemd-user';
}

function unitFile(manager: Manager, env: NodeJS.ProcessEnv): string {
  const home = env.HOME || homedir();
  if (manager === 'launchd') return join(home, 'Library', 'LaunchAgents', `${LAUNCHD_LABEL}.plist`);
  if (manager === 'systemd') return join('/etc/systemd/system', UNIT_NAME);
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'systemd', 'user', UNIT_NAME);
}

type Step = string[];

function startSteps(manager: Manager, file: string): Step[] {
  if (manager === 'launchd') return [['launchctl', 'bootstrap', `gui/${process.getuid?.()}`, file]];
  return [systemctl(manager, 'daemon-reload'), systemctl(manager, 'enable', '--now', UNIT_NAME)].map(
    ([program, args]) => [program, ...args],
  );
}

function stopSteps(manager: Manager, file: string): Step[] {
  if (!existsSync(file)) return [];
  if (manager === 'launchd') return [['launchctl', 'bootout', `gui/${process.getuid?.()}/${LAUNCHD_LABEL}`]];
  const [program, args] = systemctl(manager, 'disable', '--now', UNIT_NAME);
  return [[program, ...args]];
}

function lookStep(manager: Manager, { logFile }: ServiceProgram): Step {
  if (manager === 'launchd') return ['tail', '-f', logFile];
  return ['journalctl', ...(manager === 'systemd' ? [] : ['--user']), '-u', UNIT_NAME, '-f'];
}

function systemctl(manager: Manager, ...args: string[]): [string, string[]] {
  return ['systemctl', [...(manager === 'systemd' ? [] : ['--user']), ...args]];
}

const shown = (step: Step) => `  ${step.join(' ')}`;

/** launchd refuses a new job until the one that was stopped has ended. */
const MOST_TRIES = { launchctl: 20 } as Record<string, number>;

async function run([program = '', ...args]: Step, clock: Clock): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (status === 0) return;
    if (error || tries >= (MOST_TRIES[program] ?? 1)) {
      const why = error ? error.message : stderr.trim() || `status ${status}`;
      throw new UsageError(`"${[program, ...args].join(' ')}" failed: ${why}`);
    }
    await sleepFor(clock, 1_000);
  }
}

/**
 * Checks the file with the system's own tool, if there is one: launchd and systemd say little about a wrong
 * file.
 */
function checkForm(manager: Manager, unit: string): void {
  const draft = join(tmpdir(), `${process.pid}-${manager === 'launchd' ? 'job.plist' : UNIT_NAME}`);
  const step: Step =
    manager === 'launchd'
      ? ['plutil', '-lint', draft]
      : ['systemd-analyze', ...(manager === 'systemd' ? [] : ['--user']), 'verify', '--man=no', draft];
  writeFileSync(draft, unit);
  try {
    const { status, stdout, stderr, error } = spawnSync(step[0] ?? '', step.slice(1), { encoding: 'utf8' });
    if (error || status === 0) return;
    throw new UsageError(`${step[0]} does not accept the file: ${(stderr || stdout).trim()}`);
  } finally {
    rmSync(draft);
  }
}

/**
 * Node by the name under which it stays when it is updated: Homebrew puts each version into a folder of its
 * own and links to it from a folder of the PATH.
 */
function stableNode({ PATH = '' }: NodeJS.ProcessEnv): string {
  const real = realpathSync(process.execPath);
  const names = PATH.split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, basename(process.execPath)));
  return names.find((name) => existsSync(name) && realpathSync(name) === real) ?? process.execPath;
}
