import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepFor, systemClock } from '../../src/clock.ts';
import { conclusions, scenario } from '../scenarios/scenario.ts';
import { seededRandom } from '../simulator/agent/agent-fixture.ts';
import { startDaemonProcess } from './crash-run.ts';

export interface LoadOutcome {
  /** Milliseconds after the start at which each daemon was killed. */
  kills: number[];
  jobs: (string | null)[];
  vmsCreated: number;
  /** What is wrong, in words; null when nothing is left. */
  wrong: string | null;
}

const JOBS = 8;
const KILLS = 6;
/** Milliseconds after its start between which a daemon is killed; it is up after the shortest of them. */
const EARLIEST = 600;
const LATEST = 4_000;

/** Runs jobs on two Macs and kills the daemon again and again at moments drawn from the seed. */
export async function loadRun(seed: number): Promise<LoadOutcome> {
  const random = seededRandom(seed);
  await using world = await scenario({ macs: 2 });
  const points = join(world.folder, 'points');
  const kills: number[] = [];
  const jobs = world.push(Array.from({ length: JOBS }, () => ({ steps: [`sleep ${random().toFixed(1)}`] })));
  let daemon = startDaemonProcess(world, points, null);
  try {
    while (kills.length < KILLS) {
      const after = Math.round(EARLIEST + random() * (LATEST - EARLIEST));
      kills.push(after);
      await sleepFor(systemClock, after);
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
      daemon = startDaemonProcess(world, points, null);
    }
    await world.isClean();
    const ended = conclusions(jobs);
    const wrong = ended.some((one) => one !== 'success') ? `the jobs ended as ${ended.join(', ')}` : null;
    return { kills, jobs: ended, vmsCreated: world.vmsCreated(), wrong };
  } catch (error) {
    const said = readFileSync(join(world.folder, 'daemon.log'), 'utf8');
    const wrong = `${error instanceof Error ? error.message : String(error)}\n${said}`;
    return { kills, jobs: conclusions(jobs), vmsCreated: world.vmsCreated(), wrong };
  } finally {
    daemon.kill('SIGKILL');
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
  }
}
