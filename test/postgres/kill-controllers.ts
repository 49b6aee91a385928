import { seededRandom } from '../simulator/agent/agent-fixture.ts';
import { type Controller, Controllers } from './controllers.ts';
import { JobLoad } from './job-load.ts';
import { RefusedWebhooks } from './refused-webhooks.ts';
import { StartedTwice } from './started-twice.ts';
import { outOfTurn, type Spawned, turnsOf } from './turns.ts';

/** How a controller is ended, and which one: `SIGSTOP` freezes it until another one is active. */
export interface Ending {
  how: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP';
  who: 'active' | 'standby';
}

export interface Round extends Ending {
  /** From 1. */
  number: number;
  /** Such as `controller 2`. */
  ended: string;
  /** Milliseconds from the signal until another controller was active; null when a standby was ended. */
  takeOver: number | null;
  /** How many jobs were over by then. */
  jobs: number;
}

export interface Played {
  rounds: Round[];
  jobs: number;
  vmsCreated: number;
  /** VMs of a create that was already sent when its controller died: they never run, and the collector takes them. */
  neverStarted: number;
  /** Webhooks that no controller acknowledged; GitHub was asked to send them again. */
  refused: number;
  /** How often a controller became the active one. */
  epochs: number;
  /** Rules that did not hold, as sentences. */
  wrong: string[];
}

export interface PlayOptions {
  serverPort: number;
  seed: number;
  /** What the next round does; null ends the play. */
  next(round: number, random: () => number): Ending | null;
  onRound?(round: Round): void;
}

/** A controller is ended after this many of the requests of the active one, at most: in the middle of any effect. */
const MOST_REQUESTS = 40;

/** Short, so that a round does not wait long for the next active controller. */
const LEASE = '3s';

/**
 * Ends one of three controllers again and again, as real processes on a real PostgreSQL server, while jobs come, and
 * watches from outside: each acknowledged delivery leads to its job, one controller acts at a time, no two VMs run for
 * one attempt, no busy VM is killed (its job would not succeed), and nothing is left. Rejects when that takes too long.
 */
export async function killControllers({ serverPort, seed, next, onRound }: PlayOptions): Promise<Played> {
  // Only webhooks tell of jobs: nothing repairs a delivery that was acknowledged and lost.
  await using team = await Controllers.make(serverPort, 3, {
    // In an hour of such load and so many starts they use GitHub's budget up, and then the jobs rightly wait.
    github: { rateLimit: null },
    config: { controller: { mode: 'webhook', recheck_interval: '1h' } },
  });
  for (const one of team.all) await one.configure({ store: { lease: LEASE } });
  const random = seededRandom(seed);
  const [rounds, wrong]: [Round[], string[]] = [[], []];
  const spawned: Spawned[] = [];
  const spawn = async (one: Controller) => {
    const at = Date.now();
    await one.spawn();
    spawned.push({ pid: one.process?.child.pid, at, name: one.name });
  };
  await Promise.all(team.all.map(spawn));
  const twice = new StartedTwice(team.world);
  const refused = new RefusedWebhooks(team.world);
  const load = new JobLoad(team.world, random);
  try {
    for (let number = 1; ; number += 1) {
      const ending = next(number, random);
      if (!ending) break;
      const active = await team.active();
      const standbys = team.all.filter((one) => one !== active);
      const { how, who } = ending;
      const victim = who === 'active' ? active : (standbys[Math.floor(random() * standbys.length)] ?? active);
      // Those that are not active take the webhooks first. A balancer that looks at health takes a frozen one out.
      team.webhooksTo = [...standbys, active].filter((one) => how !== 'SIGSTOP' || one !== victim);
      const until = team.sent.length + Math.floor(random() * MOST_REQUESTS);
      await team.world.until(() => team.sent.length > until);
      const from = performance.now();
      victim.process?.child.kill(how);
      if (how === 'SIGTERM') {
        const code = await victim.process?.ended;
        if (code !== 0) wrong.push(`${victim.name} ended with ${code} after SIGTERM`);
      }
      const takeOver = who === 'active' ? await anotherActs(team, victim, from) : null;
      if (how === 'SIGSTOP') {
        victim.process?.child.kill('SIGCONT');
        await team.world.until(async () => (await victim.role()) === 'standby');
      } else {
        await victim.process?.ended;
        await spawn(victim);
      }
      refused.sendAgain();
      const round = { ...ending, number, ended: victim.name, takeOver, jobs: load.over() };
      rounds.push(round);
      onRound?.(round);
    }
    load.stop();
    await team.world.until(() => {
      refused.sendAgain();
      return load.over() === load.jobs.length;
    });
    await team.isClean();
    for (const table of ['inbox', 'actors']) {
      const rows = `select key from jeballto_runner.${table}`;
      await team.world.until(async () => (await team.place.ask(rows)).rows.length === 0);
    }
  } finally {
    load.stop();
    twice.stop();
  }
  wrong.push(...twice.names.map((name) => `two VMs of the name ${name} ran at once`));
  for (const { spec, state } of load.jobs)
    if (state.conclusion !== 'success') wrong.push(`${spec.name} ended with ${state.conclusion}`);
  const turns = await turnsOf(team, spawned);
  wrong.push(...outOfTurn(team.actedInTurn(), turns));
  return {
    ...{ rounds, wrong, epochs: turns.length },
    jobs: load.jobs.length,
    vmsCreated: team.world.vmsCreated(),
    neverStarted: team.world.vmsCreated() - twice.started,
    refused: refused.count,
  };
}

/** Returns the milliseconds until a controller other than `victim` is active. */
async function anotherActs(team: Controllers, victim: Controller, from: number): Promise<number> {
  await team.world.until(async () => {
    for (const one of team.all) if (one !== victim && (await one.role()) === 'active') return true;
    return false;
  });
  return performance.now() - from;
}
