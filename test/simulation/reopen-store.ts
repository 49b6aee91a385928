import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { DaemonLives } from './daemon-lives.ts';
import { leftovers } from './final-laws.ts';
import { LevelDisk } from './level-disk.ts';
import { NamesBorne } from './names-borne.ts';
import { rebuildWorld } from './rebuild-world.ts';
import type { Scenario } from './scenario.ts';
import { createWorld, type SimulatedWorld } from './simulated-world.ts';
import type { StoredWorld } from './stored-world.ts';

const STORES = join(import.meta.dirname, '../fixtures/stores');

/** Milliseconds between the kill and the next start. */
const DOWN = 10_000;
/** Milliseconds after which everything has to be over. */
const LONGEST = 60 * 60_000;
/** Milliseconds for which the end has to last, since the collector must find nothing either. */
const REST = 130_000;
const LOOK_EVERY = 1_000;

/** Copies the store of a killed daemon of a commit into a new folder. */
export function copyStore(commit: string): { stored: StoredWorld; folder: string } {
  const fixture = join(STORES, commit);
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-old-store-'));
  cpSync(join(fixture, 'store'), folder, { recursive: true });
  return { stored: JSON.parse(readFileSync(join(fixture, 'world.json'), 'utf8')), folder };
}

export interface Reopened {
  world: SimulatedWorld;
  /** What has not ended or is not removed at the end. */
  left: string[];
  /** Names that two VMs or two runners had. */
  namesTwice: string[];
}

/**
 * Starts the daemon with a stored folder in the world in which it was written, soon after the instant of the
 * kill, and plays until nothing is left to do. `beforeStart` changes the world before that start.
 */
export async function reopenStore(
  stored: StoredWorld,
  folder: string,
  beforeStart: (world: SimulatedWorld) => unknown = () => undefined,
): Promise<Reopened> {
  const disk = new LevelDisk(folder);
  const world = createWorld(scenarioFor(stored), (request) => lives.takeWebhook(request));
  const lives = new DaemonLives(world, disk.open);
  const { clock, broken } = world;
  const begins = stored.at + DOWN;
  void world.ledger
    .rebuild(() => rebuildWorld(world, stored))
    .then(() => beforeStart(world))
    .then(() => clock.sleepUntil(begins))
    .then(() => lives.start());

  const names = new NamesBorne(stored);
  let nextLook = begins;
  let restsSince: number | null = null;
  let left: string[] = [];
  for (;;) {
    await disk.idle();
    if (clock.now() >= nextLook) {
      nextLook = clock.now() + LOOK_EVERY;
      names.look(world);
      left = lives.isUp ? leftovers(world) : ['the daemon is not up'];
      restsSince = left.length > 0 ? null : (restsSince ?? clock.now());
      if (restsSince !== null && clock.now() - restsSince >= REST) break;
      if (clock.now() > begins + LONGEST) break;
    }
    if (broken.any || !clock.step()) break;
  }
  world.github.alarms.end();
  await disk.close();
  // A broken law ends the run early, when much is still left.
  return { world, left: broken.any ? [] : left, namesTwice: names.twice };
}

/**
 * GitHub assigns jobs slowly, so that some runners are idle when the daemon comes back, and it gives up
 * runners sooner.
 */
function scenarioFor({ macs }: StoredWorld): Scenario {
  return {
    ...CALM_SCENARIO,
    daemon: { ...CALM_SCENARIO.daemon, warm: { mac: 1, 'mac-large': 0 } },
    macs: macs.map(({ name }) => ({ name, settings: { sshPorts: { start: 2222, end: 2229 } } })),
    github: { timings: { assignment: [1_000, 30_000], lostAfter: 150_000 } },
  };
}
