import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { settled } from '../support/manual-clock.ts';
import { BreakerLaw } from './breaker-law.ts';
import type { BrokenLaw } from './broken-laws.ts';
import { Controllers } from './controllers/controllers.ts';
import { DaemonLives } from './daemon-lives.ts';
import { leftovers } from './final-laws.ts';
import { Happenings } from './happenings.ts';
import { HoldLaw } from './hold-law.ts';
import { OrderLaw } from './host-laws.ts';
import { ImageLaw } from './image-law.ts';
import type { Lives } from './lives.ts';
import { QueueLaw } from './queue-law.ts';
import { ReadyLaw } from './ready-law.ts';
import type { Scenario } from './scenario.ts';
import { createWorld, type SimulatedWorld, type WorldOptions } from './simulated-world.ts';
import { checkStories } from './story-law.ts';
import { ToldReadiness } from './told-readiness.ts';

export interface RunResult {
  broken: BrokenLaw[];
  /** The whole journal as it is stored, in order. */
  journal: string[];
  /** Crash points that were passed; the first one has the number 1. */
  points: string[];
  /** Processes that the daemon had. */
  lives: number;
  /** How often one of several controllers became the active one. */
  takeOvers: number;
  /** Jobs for the daemon, and how many of them ended on its runners. */
  jobs: number;
  served: number;
  /** Jobs that ended as their workflow defines. */
  asPlanned: number;
  /** VMs that were made for jobs, and how many of them never ran one. */
  vms: number;
  vmsInVain: number;
  /** Virtual milliseconds. */
  lasted: number;
  /** Rows in the store at the end, by the kind of record. */
  stored: Record<string, number>;
}

/** Milliseconds between two checks of everything. */
const LOOK_EVERY = 5_000;
/** Milliseconds for which a world at rest is watched, since the collector must find nothing either. */
const REST = 130_000;
/** Milliseconds within which everything has to come to rest after the last trouble. */
const LONGEST_AFTERMATH = 16 * 3_600_000;

/** Plays a scenario until nothing is left to happen, or a law is broken. */
export async function runScenario(scenario: Scenario, options: WorldOptions = {}): Promise<RunResult> {
  const limit = Error.stackTraceLimit;
  // Errors are thrown by the hundred thousand as ordinary results here; only a reader of the trace needs
  // their stacks.
  if (!options.write) Error.stackTraceLimit = 0;
  try {
    return await play(scenario, options);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

async function play(scenario: Scenario, options: WorldOptions): Promise<RunResult> {
  const world = createWorld(scenario, (request) => lives.takeWebhook(request), options);
  const lives = livesIn(world);
  const health = new ToldReadiness(lives);
  const happenings = new Happenings(world, lives);
  const breakers = new BreakerLaw();
  const queue = new QueueLaw();
  const ready = new ReadyLaw();
  const orders = new OrderLaw();
  const images = new ImageLaw();
  const holds = new HoldLaw();
  const { clock, broken } = world;
  const began = clock.now();
  const lastTrouble = Math.max(scenario.calmFrom, ...scenario.troubles.map(({ at, lasts }) => at + lasts));
  const latest = began + lastTrouble + LONGEST_AFTERMATH;
  const isDisturbed = () => clock.now() < began + scenario.calmFrom || happenings.ongoing > 0 || !lives.isUp;
  const isOver = () => happenings.areOver && lives.isUp;
  happenings.begin();
  lives.start();

  let nextLook = began;
  let atRestSince: number | null = null;
  for (;;) {
    await settled();
    if (clock.now() >= nextLook) {
      nextLook = clock.now() + LOOK_EVERY;
      orders.look(world, lives.count + lives.takeOvers, lives.isAwake);
      images.look(world);
      holds.look(world, lives.isAwake);
      breakers.look(world, isDisturbed() || happenings.troubles.length > 0);
      queue.look(world, isDisturbed(), happenings.troubles);
      const unended = isOver() ? [...leftovers(world), ...lives.left()] : ['something is still to come'];
      const told = await health.at(
        clock.now(),
        ready.mustKnow(clock.now()) || decidesOnRest(unended, clock.now(), atRestSince),
      );
      ready.look(world, told, queue.unmet, isDisturbed() || happenings.troubles.length > 0);
      const left = [...unended, ...notReady(told)];
      if (left.length > 0) atRestSince = null;
      else atRestSince ??= clock.now();
      if (atRestSince !== null && clock.now() - atRestSince >= REST) break;
      if (clock.now() >= latest) for (const what of left) broken.note('the world comes to rest', what);
    }
    if (broken.any || !clock.step()) break;
  }
  if (!broken.any) checkStories(world);
  world.github.alarms.end();
  // Whatever still waits for one of these signals would keep this world in memory as long as the process
  // lives.
  clock.end();
  lives.end();
  for (const { agent } of world.macs.values()) agent.life.end.abort(new Error('the world ends'));
  return {
    broken: broken.all(),
    journal: journalOf(world),
    points: [...world.points.passed],
    lives: lives.count,
    takeOvers: lives.takeOvers,
    ...countJobs(world),
    ...world.ledger.count(),
    lasted: clock.now() - began,
    stored: countRows(world),
  };
}

function livesIn(world: SimulatedWorld): Lives {
  const { controllers } = world.scenario;
  return controllers ? new Controllers(world, controllers) : new DaemonLives(world);
}

/** Whether the rest of the world begins with this look, or is over, unless the daemon says that it is not ready. */
const decidesOnRest = (unended: readonly string[], now: number, atRestSince: number | null): boolean =>
  unended.length === 0 && (atRestSince === null || now - atRestSince >= REST);

/** When the world is at rest, the daemon must be able to serve. */
const notReady = (told: Readiness | null): string[] =>
  told?.ready ? [] : [`ready only when serving: it is not ready: ${told?.reasons}`];

function journalOf({ committed }: SimulatedWorld): string[] {
  return [...committed.rows]
    .filter(([key]) => key.startsWith('!journal!'))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, entry]) => entry);
}

function countRows({ committed }: SimulatedWorld): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of committed.rows.keys()) {
    const kind = key.split('!')[1] ?? '';
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function countJobs({ github, isServed }: SimulatedWorld): Pick<RunResult, 'jobs' | 'served' | 'asPlanned'> {
  const ours = [...github.jobs.values()].filter(
    ({ spec, run }) => spec.labels[0] === 'self-hosted' && isServed(run.repository),
  );
  const planned = ours.filter(({ spec, state }) => spec.steps[0]?.run.endsWith(` ${state.conclusion}`));
  const served = ours.filter(({ state }) => state.runner !== null);
  return { jobs: ours.length, served: served.length, asPlanned: planned.length };
}
