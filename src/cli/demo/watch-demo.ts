import { type Clock, sleepFor } from '../../clock.ts';
import { type AdminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { DaemonProcess } from './controllers/daemon-process.ts';
import type { DemoActions } from './demo-actions.ts';
import { type DemoAnswer, type DemoState, demoState, isClean, progressOf } from './demo-state.ts';
import type { DemoView } from './demo-view.ts';

export interface WatchOptions {
  world: SimulatedWorld;
  daemon: DaemonProcess;
  admin: AdminAddress;
  view: DemoView;
  clock: Clock;
  stop: StopSignals;
  /** How many times the daemon is killed. */
  kills: number;
  /** What a person can do during the demonstration; null when it ends by itself. */
  actions: DemoActions | null;
  /** Epoch ms by which all jobs have to be over; null to watch until a signal. */
  deadline: number | null;
  /** Called once, when the daemon answers. */
  push(): void;
}

export interface Watched {
  state: DemoState;
  kills: number;
  end: 'clean' | 'stopped' | 'late' | 'daemonEnded';
}

/** Milliseconds between two polls of the world. */
const POLL_MS = 150;
/** Milliseconds by which a kill is delayed at most, so that it comes at any point of effects and writes. */
const MAX_KILL_DELAY_MS = 400;

/** Watches a demonstration to its end, and kills the daemon `kills` times before that. */
export async function watchDemo(options: WatchOptions): Promise<Watched> {
  const { world, daemon, admin, view, clock, stop, actions, deadline, push } = options;
  const due = killPlan(options.kills, Math.random);
  let state = demoState(world, null, null, clock.now());
  let pushed = false;
  let kills = 0;
  let isStopped = false;
  const stopped = stop.first.then(() => {
    isStopped = true;
  });
  const kill = async () => {
    await daemon.kill();
    kills += 1;
    view.killed(kills);
    daemon.start();
  };
  for (;;) {
    const answer = await jobsOf(admin);
    state = demoState(world, answer, state, clock.now());
    if (!pushed && answer) {
      push();
      pushed = true;
      continue;
    }
    view.show(state, daemonWord(daemon, answer), kills);
    if (isStopped) return { state, kills, end: 'stopped' };
    // Somebody may kill it from another terminal, as the demonstration proposes.
    if (actions && (actions.wantsKill || daemon.ended === 'SIGKILL')) {
      actions.wantsKill = false;
      await kill();
    }
    if (daemon.ended !== null) return { state, kills, end: 'daemonEnded' };
    if (deadline !== null && clock.now() > deadline) return { state, kills, end: 'late' };
    if (pushed && deadline !== null && isClean(state)) return { state, kills, end: 'clean' };
    if (pushed && deadline === null) view.sayQuiet(state);
    const next = due[0];
    if (next !== undefined && answer && progressOf(state) >= next) {
      due.shift();
      await sleepFor(clock, Math.random() * MAX_KILL_DELAY_MS);
      await kill();
    }
    await Promise.race([sleepFor(clock, POLL_MS), stopped]);
  }
}

/** Null while the daemon does not answer. */
async function jobsOf(admin: AdminAddress): Promise<DemoAnswer | null> {
  try {
    const [jobs, { waiting }] = await Promise.all([
      askDaemon(admin, 'GET', '/api/jobs') as Promise<DemoAnswer>,
      askDaemon(admin, 'GET', '/api/waiting') as Promise<DemoAnswer>,
    ]);
    return { ...jobs, waiting };
  } catch (error) {
    if (error instanceof NoDaemonError) return null;
    throw error;
  }
}

function daemonWord(daemon: DaemonProcess, answer: DemoAnswer | null): string {
  return answer ? `daemon ${daemon.pid}` : 'daemon starting';
}

/** Values of the progress (0 to 1, ascending) at which the daemon is killed: not at the very start or end. */
function killPlan(kills: number, random: () => number): number[] {
  const [first, last] = [0.02, 0.8];
  return Array.from({ length: kills }, () => first + random() * (last - first)).sort((a, b) => a - b);
}
