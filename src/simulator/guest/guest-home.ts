import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BootPlan } from '../agent/boot-plan.ts';
import { GUEST_MARK, PKILL_SCRIPT, pgrepScript, skewedDateScript } from './guest-tools.ts';
import {
  CONFIG_SH,
  RUN_HELPER_SH,
  RUN_SH,
  RUNNER_PROGRAM,
  RUNNER_VERSION,
  runnerListener,
} from './runner-scripts.ts';

/** The PATH of a command over SSH on macOS; a login has more. */
const SYSTEM_PATH = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Files that remain when config.sh ran while the image was built; the runner reads the migrated file first.
 */
const CONFIGURED = ['.runner', '.runner_migrated', '.credentials', '.credentials_rsaparams'];
const OF_ANOTHER = JSON.stringify({
  AgentName: 'the-builder',
  ServerUrl: 'http://127.0.0.1:1/',
  Data: {},
  d: '',
});

const RUNNER_FILES = fileURLToPath(new URL('./runner-files', import.meta.url));

export interface GuestHomeOptions {
  vmId: string;
  /** The guest's user. */
  user: string;
  plan: BootPlan;
  /** More variables for every process of the guest. */
  env?: Readonly<Record<string, string>>;
  runnerVersion?: string;
  /** Path of a program that plays the runner, in place of our own. */
  runnerProgram?: string;
}

export interface GuestHome {
  /** The guest's home; the runner is in `actions-runner` below it. */
  readonly path: string;
  /** An entry `NAME=value` in the environment of every process of this guest, and of no other guest. */
  readonly mark: string;
  /** The whole environment of a command over SSH, as macOS gives it: no locale. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/**
 * Makes a guest's home in a temporary directory, with the runner and the programs that the boot plan allows.
 */
export async function makeGuestHome(options: GuestHomeOptions): Promise<GuestHome> {
  const { vmId, user, plan, env = {} } = options;
  const home = await mkdtemp(join(tmpdir(), 'jeballto-vm-'));
  const tools = join(home, '.sim', 'bin');
  // The directory's own name makes it unique on this machine, where two seeded worlds may use one VM id.
  const owner = `${vmId}/${basename(home)}`;
  const mark = `${GUEST_MARK}=${owner}`;
  const remove = () => rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  let system: string[];
  try {
    await Promise.all([mkdir(tools, { recursive: true }), mkdir(join(home, 'tmp'))]);
    await Promise.all([installRunner(home, mark, options), installTools(tools, mark, plan)]);
    system = await systemPath(home, plan);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    path: home,
    mark,
    env: {
      HOME: home,
      PATH: [tools, ...system].join(':'),
      TMPDIR: join(home, 'tmp'),
      USER: user,
      LOGNAME: user,
      SHELL: '/bin/zsh',
      SIM_NODE: process.execPath,
      ...env,
      [GUEST_MARK]: owner,
    },
    remove,
  };
}

async function installRunner(home: string, mark: string, options: GuestHomeOptions): Promise<void> {
  const { plan, runnerVersion = RUNNER_VERSION, runnerProgram } = options;
  const root = join(home, 'actions-runner');
  await mkdir(join(root, 'bin'), { recursive: true });
  const listener = runnerListener(process.execPath, mark, runnerVersion, plan.runnerTrouble);
  const missing: readonly string[] = plan.missingTools ?? [];
  const scripts: Record<string, string> = {
    'run.sh': RUN_SH,
    'run-helper.sh': RUN_HELPER_SH,
    'config.sh': CONFIG_SH,
    'bin/Runner.Listener': listener,
  };
  for (const [name, script] of Object.entries(scripts)) {
    if (!missing.includes(name)) await writeFile(join(root, name), script, { mode: 0o755 });
  }
  if (plan.configured) {
    for (const name of CONFIGURED) await writeFile(join(root, name), OF_ANOTHER);
  }
  for (const name of await readdir(RUNNER_FILES)) await copyFile(join(RUNNER_FILES, name), join(root, name));
  if (runnerProgram !== undefined) await copyFile(runnerProgram, join(root, RUNNER_PROGRAM));
}

async function installTools(tools: string, mark: string, plan: BootPlan): Promise<void> {
  const mode = 0o755;
  await writeFile(join(tools, 'pgrep'), pgrepScript(mark), { mode });
  await writeFile(join(tools, 'pkill'), PKILL_SCRIPT, { mode });
  if (plan.clockSkewSeconds) {
    await writeFile(join(tools, 'date'), skewedDateScript(plan.clockSkewSeconds), { mode });
  }
}

/**
 * The system's own directories or, when a program has to be missing, a directory of links to all other
 * programs.
 */
async function systemPath(home: string, plan: BootPlan): Promise<string[]> {
  const hidden: readonly string[] = plan.missingTools ?? [];
  if (!hidden.some((tool) => tool === 'bash' || tool === 'git')) return SYSTEM_PATH;
  const links = join(home, '.sim', 'system');
  await mkdir(links);
  const taken = new Set(hidden);
  for (const directory of SYSTEM_PATH) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => !taken.has(name));
    for (const name of names) taken.add(name);
    await Promise.all(names.map((name) => symlink(join(directory, name), join(links, name))));
  }
  return [links];
}
