import { describe, expect, test } from 'vitest';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { addRunner } from '../../src/simulator/github/runners/runners.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { APP } from './plan-troubles.ts';
import { LONGEST_WAIT } from './queue-law.ts';
import { JOB, NAME, newWorld } from './queue-law-world.ts';
import { lastTurn } from './vms-in-vain.ts';

/** A VM for a job is made, runs for a minute, and ends in vain. */
function inVain({ world, mac, make, wait }: ReturnType<typeof newWorld>, name: string, cpuCount = 4) {
  const vm = make(name);
  vm.resources = { ...vm.resources, cpuCount };
  wait(60_000);
  world.ledger.doom(vm);
  mac.agent.vms.delete(vm.id);
}

/** A runner is launched in a VM. */
function launch({ world }: ReturnType<typeof newWorld>, name: string) {
  const scope = { kind: 'repository', repository: ensureRepository(world.github, APP) } as const;
  const kind = { groupId: 1, labels: [], ephemeral: true, isJit: true, workFolder: '_work' };
  addRunner(world.github, { ...kind, scope, name });
  world.ledger.hasRunner(name, name);
}

describe('jobs of one group whose VMs end in vain', () => {
  const MINUTE = 60_000;
  const turns = (count: number, pause: number | readonly number[], jobOf: (turn: number) => number) => {
    const at = newWorld();
    at.push();
    for (let turn = 0; turn < count; turn += 1) {
      inVain(at, `gh-default-${jobOf(turn)}-${turn + 1}`);
      at.wait(typeof pause === 'number' ? pause : (pause[turn] ?? 0) * MINUTE);
    }
    return at.world.broken.all().filter(({ law }) => law === 'every queued job is served');
  };

  test('break no law while they get VMs in turn, although one of them is always without', () => {
    expect(turns(10, 8 * MINUTE, (turn) => JOB + (turn % 2))).toEqual([]);
  });

  test('break no law when a pause of an hour lets only one of them try', () => {
    const pauses = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60];
    expect(turns(10, pauses, (turn) => JOB + (turn % 2))).toEqual([]);
  });

  test('break one when only one of them gets VMs, and the other is named', () => {
    const [breach] = turns(10, 8 * MINUTE, () => JOB + 1);
    expect(breach?.what).toMatch(new RegExp(`^job ${JOB} `));
  });
});

test('a job is passed over by one that had more VMs in vain, unless it is in a pause of its own', () => {
  const { world, mac, make, push } = newWorld();
  push();
  let number = 0;
  const madeAfter = (minutes: number, jobId: number) => {
    world.clock.advance(minutes * 60_000);
    number += 1;
    mac.agent.vms.delete(make(`gh-default-${jobId}-${number}`).id);
    return world.clock.now();
  };
  for (const minutes of [0, 1, 2, 4]) madeAfter(minutes, JOB + 1);
  madeAfter(0, JOB);
  const from = madeAfter(20, JOB);
  const turn = madeAfter(15, JOB + 1);
  expect(lastTurn(world, 'mac', JOB, from)).toBe(turn);
  madeAfter(10, JOB + 1);
  expect(lastTurn(world, 'mac', JOB, from)).toBe(0);
});

test('a VM whose runner ended between two looks was a try, and the job waits from it on', () => {
  const at = newWorld();
  at.wait(LONGEST_WAIT);
  const vm = at.make(NAME);
  launch(at, NAME);
  at.mac.agent.vms.delete(vm.id);
  at.wait(LONGEST_WAIT);
  const early = at.broken();
  at.wait(1);
  expect([early, at.broken()]).toEqual([[], ['every queued job is served']]);
});

describe('a warm VM that ended in vain', () => {
  const spent = (hasRunner: boolean, labels = ['mac']) => {
    const at = newWorld(labels);
    for (const instant of [1, 2]) {
      const name = `gh-default-0-179553691337${instant}`;
      const vm = at.make(name);
      if (hasRunner) launch(at, name);
      at.mac.agent.vms.delete(vm.id);
      if (instant === 1) at.world.clock.advance(LONGEST_WAIT);
    }
    at.wait(LONGEST_WAIT + 1);
    const early = at.broken();
    at.wait(LONGEST_WAIT);
    return [early, at.broken()];
  };

  test('excuses a pause that is no longer than since the first one, when a runner of the group ran in it', () => {
    expect(spent(true)).toEqual([[], ['every queued job is served']]);
  });

  test('is in vain when its runner is launched, which may be long after it was made', () => {
    const at = newWorld();
    const names = ['gh-default-0-1795536913371', 'gh-default-0-1795536913372'];
    const vms = names.map(at.make);
    for (const name of names) {
      launch(at, name);
      at.world.clock.advance(LONGEST_WAIT);
    }
    for (const { id } of vms) at.mac.agent.vms.delete(id);
    at.wait(LONGEST_WAIT + 1);
    const early = at.broken();
    at.wait(LONGEST_WAIT);
    expect([early, at.broken()]).toEqual([[], ['every queued job is served']]);
  });

  test('excuses nothing when no runner was launched in it, or one for other jobs', () => {
    expect(spent(false)[0]).toEqual(['every queued job is served']);
    expect(spent(true, ['mac-large'])[0]).toEqual(['every queued job is served']);
  });
});

const LARGE = JOB + 1;
/** Milliseconds: each pause is double the one before. */
const PAUSES = Array.from({ length: 12 }, (_, n) => Math.min(30_000 * 2 ** n, LONGEST_PAUSE));

/** A world with jobs of two profiles in the queue; the VMs of both fail in turn, until the pauses are at their longest. */
function twoProfiles() {
  const at = newWorld();
  at.push(['mac-large']);
  let number = 0;
  /** A VM for this job that is gone at once, after a wait in milliseconds. */
  const made = (jobId: number, ms: number) => {
    at.wait(ms);
    number += 1;
    at.mac.agent.vms.delete(at.make(`gh-default-${jobId}-${number}`).id);
  };
  made(JOB, 0);
  for (const [turn, pause] of PAUSES.entries()) made(turn % 2 === 0 ? LARGE : JOB, pause);
  return { ...at, made };
}

test('a host that is held back as a whole may be tried with one profile after the other', () => {
  const { made, wait, broken } = twoProfiles();
  for (const jobId of [LARGE, JOB, LARGE, JOB]) made(jobId, LONGEST_PAUSE);
  wait(LONGEST_PAUSE);
  expect(broken()).toEqual([]);
});

test('a profile that is passed over in the trials of a host is not served', () => {
  const { made, wait, broken } = twoProfiles();
  for (const pause of [1, LONGEST_PAUSE]) made(JOB, pause);
  expect(broken()).toEqual([]);
  wait(LONGEST_WAIT + 1);
  expect(broken()).toEqual(['every queued job is served']);
});
