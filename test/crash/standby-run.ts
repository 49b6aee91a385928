import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controllers } from '../postgres/controllers.ts';
import { conclusions } from '../scenarios/scenario.ts';
import {
  type CrashOutcome,
  type CrashPoint,
  PLOTS,
  type Plot,
  type PlotName,
  pointsIn,
  startDaemonProcess,
  wrongWith,
} from './crash-run.ts';

/** Short, so that a run does not wait long for the take-over. */
const LEASE = '3s';

/**
 * Runs a plot with two controllers on a database: the active one is killed at a point and stays dead, the standby goes
 * on. Checks that nothing is left.
 */
export async function standbyRun(
  name: PlotName,
  point: CrashPoint,
  serverPort: number,
): Promise<CrashOutcome> {
  const plot: Plot = PLOTS[name];
  await using team = await Controllers.make(serverPort, 2, plot.settings);
  const { folder } = team.world;
  const points = join(folder, 'points');
  const daemons: ChildProcess[] = [];
  const outcome = (jobs: (string | null)[], wrong: string | null) => ({
    crashed: daemons[0]?.signalCode === 'SIGKILL',
    points: pointsIn(points),
    jobs,
    vmsCreated: team.world.vmsCreated(),
    wrong,
  });
  try {
    for (const [n, { configPath }] of team.all.entries()) {
      await team.all[n]?.configure({ store: { lease: LEASE } });
      const isFirst = n === 0;
      const daemon = startDaemonProcess(
        { configPath, folder },
        isFirst ? points : `${points} of the standby`,
        isFirst ? point : null,
      );
      daemons.push(daemon);
      const up = team.world.until(async () => (await team.all[n]?.role()) !== null);
      await Promise.race([up, once(daemon, 'exit')]);
    }
    const jobs = team.world.push([{ steps: ['sleep 0.3'] }]);
    const [job] = jobs;
    if (job) await plot.act(team.world, job);
    await team.isClean();
    return outcome(conclusions(jobs), wrongWith(conclusions(jobs), plot.expected, team.world.vmsCreated()));
  } catch (error) {
    const said = readFileSync(join(folder, 'daemon.log'), 'utf8');
    return outcome([], `${error instanceof Error ? error.message : String(error)}\n${said}`);
  } finally {
    for (const daemon of daemons) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
  }
}
