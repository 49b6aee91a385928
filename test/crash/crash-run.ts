import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { conclusions, type Scenario, type ScenarioSettings, scenario } from '../scenarios/scenario.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const DAEMON = join(import.meta.dirname, 'crashing-daemon.ts');

/** Where the process is killed: the `visit`th time that it passes the point. Null never kills it. */
export type CrashPoint = { name: string; visit: number } | null;

export interface CrashOutcome {
  /** False when the process never reached the point. */
  crashed: boolean;
  /** Every point that was passed, in order. */
  points: string[];
  jobs: (string | null)[];
  vmsCreated: number;
  /** What is wrong, in words; null when nothing is left. */
  wrong: string | null;
}

/** Small worlds whose jobs together pass every kind of point. */
export const PLOTS = {
  /** One job from its webhook to its end. */
  served: { settings: {}, expected: 'success', act: async () => undefined },
  /** The job is cancelled when its runner is online, so the runner is retired. */
  retired: {
    settings: { github: { timings: { assignment: 60_000 } } },
    expected: 'cancelled',
    act: async (world, job) => {
      await world.until(() =>
        [...world.github.world.runners.values()].some((one) => one.state.status === 'online'),
      );
      cancelRun(world.github.world, job.run);
    },
  },
  /** The job is cancelled while its VM boots. */
  abandoned: {
    settings: { agent: { latencies: { sshd: 1_000 } } },
    expected: 'cancelled',
    act: async (world, job) => {
      await world.until(() => world.vms().some(({ state }) => state === 'running'));
      cancelRun(world.github.world, job.run);
    },
  },
} satisfies Record<string, Plot>;

export type PlotName = keyof typeof PLOTS;

export interface Plot {
  settings: ScenarioSettings;
  expected: string;
  act(world: Scenario, job: ReturnType<Scenario['push']>[number]): Promise<void>;
}

/** Runs a plot with a daemon that is killed at a point and started again, and checks that nothing is left. */
export async function crashRun(name: PlotName, point: CrashPoint): Promise<CrashOutcome> {
  const plot: Plot = PLOTS[name];
  await using world = await scenario(plot.settings);
  const pointsFile = join(world.folder, 'points');
  let daemon = startDaemonProcess(world, pointsFile, point);
  const ended = once(daemon, 'exit').then(() => 'ended' as const);
  let crashed = false;
  try {
    await Promise.race([ended, world.until(() => world.jobs())]);
    const jobs = world.push([{ steps: ['sleep 0.3'] }]);
    const [job] = jobs;
    const acting = job ? plot.act(world, job) : undefined;
    const over = world.isClean().then(() => 'clean' as const);
    if ((await Promise.race([over, ended])) === 'ended') {
      crashed = daemon.signalCode === 'SIGKILL';
      if (!crashed) throw new Error(`the daemon ended by itself with ${daemon.exitCode}`);
      daemon = startDaemonProcess(world, pointsFile, null);
    }
    await acting;
    await over;
    return {
      crashed,
      points: pointsIn(pointsFile),
      jobs: conclusions(jobs),
      vmsCreated: world.vmsCreated(),
      wrong: wrongWith(conclusions(jobs), plot.expected, world.vmsCreated()),
    };
  } catch (error) {
    const said = readFileSync(join(world.folder, 'daemon.log'), 'utf8');
    const wrong = `${error instanceof Error ? error.message : String(error)}\n${said}`;
    return { crashed, points: pointsIn(pointsFile), jobs: [], vmsCreated: world.vmsCreated(), wrong };
  } finally {
    if (daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
  }
}

/** Returns what is wrong with the end of a plot, in words; null when nothing is. */
export function wrongWith(jobs: (string | null)[], expected: string, vms: number): string | null {
  if (jobs.some((conclusion) => conclusion !== expected)) return `the job ended as ${jobs.join(', ')}`;
  return vms > 1 ? `${vms} VMs were made for one job` : null;
}

/** Starts the daemon as a process that is killed at the point, if there is one. */
export function startDaemonProcess(
  { configPath, folder }: Pick<Scenario, 'configPath' | 'folder'>,
  points: string,
  at: CrashPoint,
): ChildProcess {
  const log = openSync(join(folder, 'daemon.log'), 'a');
  return spawn(process.execPath, ['--import', TSX, DAEMON, configPath], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CRASH_POINTS: points,
      ...(at && { CRASH_AT: at.name, CRASH_VISIT: String(at.visit) }),
    },
  });
}

/** The points that a daemon has passed. */
export function pointsIn(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
