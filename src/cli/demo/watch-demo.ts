import { type Clock, sleepFor } from '../../clock.ts';
import { type AdminAddress, askDaemon, NoDaemonError } from '../admin-client.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { DemoController, DemoControllers } from './controllers/demo-controllers.ts';
import type { DemoActions } from './demo-actions.ts';
import { type DemoAnswer, type DemoState, demoState, isClean, progressOf } from './demo-state.ts';
import type { DemoView } from './demo-view.ts';

export interface WatchOptions {
  world: SimulatedWorld;
  controllers: DemoControllers;
  view: DemoView;
  clock: Clock;
  stop: StopSignals;
  /** How many times the active daemon is killed. */
  kills: number;
  /** What a person can do during the demonstration; null when it ends by itself. */
  actions: DemoActions | null;
  /** Epoch ms by which all jobs have to be over; null to watch until a signal. */
  deadline: number | null;
  /** Called once, when each daemon answers. */
  push(): void;
}

export interface Watched {
  state: DemoState;
  end: 'clean' | 'stopped' | 'late' | 'daemonEnded';
}

/** Milliseconds between two polls of the world. */
const POLL_MS = 150;
/** Milliseconds by which a kill is delayed at most, so that it comes at any point of effects and writes. */
const MAX_KILL_DELAY_MS = 400;

/** Watches a demonstration to its end, and kills the active daemon `kills` times before that. */
export async function watchDemo(options: WatchOptions): Promise<Watched> {
  const { world, controllers, view, clock, stop, actions, deadline, push } = options;
  const due = killPlan(options.kills, Math.random);
  let state = demoState(world, null, null, clock.now());
  let pushed = false;
  let isStopped = false;
  const stopped = stop.first.then(() => {
    isStopped = true;
  });
  const kill = async (one: DemoController) => {
    await controllers.restart(one);
    view.killed(one.name, controllers.kills);
  };
  for (;;) {
    const { active, areUp } = await controllers.look();
    view.tookOver(controllers);
    const answer = active && (await jobsOf(active.admin));
    state = demoState(world, answer, state, clock.now());
    if (!pushed && answer && areUp) {
      push();
      pushed = true;
      continue;
    }
    view.show(state, controllers, answer !== null);
    if (isStopped) return { state, end: 'stopped' };
    for (const one of killedBy(actions, controllers, active)) await kill(one);
    if (controllers.ended) return { state, end: 'daemonEnded' };
    if (deadline !== null && clock.now() > deadline) return { state, end: 'late' };
    if (pushed && deadline !== null && due.length === 0 && isClean(state)) return { state, end: 'clean' };
    if (pushed && deadline === null) view.sayQuiet(state);
    const next = due[0];
    if (next !== undefined && active && answer && progressOf(state) >= next) {
      due.shift();
      await sleepFor(clock, Math.random() * MAX_KILL_DELAY_MS);
      await kill(active);
    }
    await Promise.race([sleepFor(clock, POLL_MS), stopped]);
  }
}

/** Those that a person has killed from another terminal, as the demonstration proposes, or wants to be killed. */
function killedBy(
  actions: DemoActions | null,
  { all }: DemoControllers,
  active: DemoController | null,
): DemoController[] {
  if (!actions) return [];
  const wanted = actions.wantsKill ? active : null;
  if (wanted) actions.wantsKill = false;
  return all.filter((one) => one === wanted || one.process.ended === 'SIGKILL');
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

/** Values of the progress (0 to 1, ascending) at which the active daemon is killed: not at the very start or end. */
function killPlan(kills: number, random: () => number): number[] {
  const [first, last] = [0.02, 0.8];
  return Array.from({ length: kills }, () => first + random() * (last - first)).sort((a, b) => a - b);
}
