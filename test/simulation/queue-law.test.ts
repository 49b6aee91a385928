import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { addRunner } from '../../src/simulator/github/runners/runners.ts';
import { beginTrouble } from './begin-trouble.ts';
import { BUDGET } from './github-budget.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { planScenario } from './plan-scenario.ts';
import { APP, TROUBLE_KINDS, UNLISTED } from './plan-troubles.ts';
import { LONGEST_WAIT } from './queue-law.ts';
import { JOB, NAME, newWorld } from './queue-law-world.ts';
import { checkAgentRequest } from './request-laws.ts';
import type { Scenario } from './scenario.ts';
import type { OngoingTrouble, Trouble } from './trouble.ts';

// A law that cannot be broken proves nothing: each one gets a breach here.

const trouble = (what: object, jobId: number | null = null): OngoingTrouble => ({
  trouble: { at: 0, lasts: 0, ...what } as Trouble,
  jobId,
});

describe('a job that is queued beside a free slot', () => {
  test('is a breach once it has waited for too long', () => {
    const { wait, broken } = newWorld();
    wait(LONGEST_WAIT);
    expect(broken()).toEqual([]);
    wait(1);
    expect(broken()).toEqual(['every queued job is served']);
  });

  test.each([
    ['of another label', ['ubuntu-latest'], APP],
    ['of a repository that the daemon does not serve', ['mac'], UNLISTED],
  ])('is none when it is %s', (_what, labels, repository) => {
    const { wait, broken } = newWorld(labels, repository);
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual([]);
  });

  test('is none while the world is disturbed, and afterwards for as long again, up to an hour', () => {
    const { wait, broken } = newWorld();
    wait(2 * LONGEST_PAUSE, { isDisturbed: true });
    wait(LONGEST_WAIT + LONGEST_PAUSE);
    expect(broken()).toEqual([]);
    wait(1);
    expect(broken()).toEqual(['every queued job is served']);
  });

  test('is none when a VM for it is on its way, and one again when that VM is to be deleted', () => {
    const { world, mac, make, wait, broken } = newWorld();
    const { id } = make(NAME);
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual([]);
    checkAgentRequest(world, mac, 'DELETE', `/vms/${id}?force=true`, null);
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual(['no job waits for the end of a VM']);
  });

  test('is none while a host is asked to make a VM for it, and one when that is for another job', () => {
    for (const [name, expected] of [
      [NAME, []],
      ['gh-default-51300000009-1', ['every queued job is served']],
    ] as const) {
      const { mac, wait, broken } = newWorld();
      mac.creating.set(name, 0);
      wait(LONGEST_WAIT + 1);
      expect(broken()).toEqual(expected);
    }
  });

  test('is none when there is no free slot: other VMs hold them, one of them out of sight', () => {
    const { mac, make, wait, broken } = newWorld();
    addForeignVm(mac.agent, { name: 'seen' });
    addForeignVm(mac.agent, { name: 'unseen', state: 'error', hasRuntime: true });
    wait(LONGEST_WAIT + 1);
    mac.agent.vms.clear();
    for (const name of ['gh-default-1-1', 'gh-default-2-1']) make(name);
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual([]);
  });

  test('is one beside a VM that stands by and is given to nobody', () => {
    const { mac, make, wait, broken } = newWorld();
    addForeignVm(mac.agent, { name: 'other' });
    Object.assign(make('gh-default-0-1795536913370'), { state: 'running', hasBooted: true });
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual(['every queued job is served']);
  });

  test('is one of its own when the daemon has settled it', () => {
    const { world, wait, broken } = newWorld();
    world.committed.apply([{ type: 'put', key: `!settled!${String(JOB).padStart(16, '0')}`, value: '{}' }]);
    wait(LONGEST_WAIT + 1);
    expect(broken()).toEqual(['no job is given up']);
  });

  test.each([
    ['unknown', 499],
    ['known', 249],
  ])('is none while GitHub’s budget is kept from a job that is %s, and one after the reset', (what, left) => {
    for (const [remaining, breaches] of [
      [left, []],
      [left + 1, ['every queued job is served']],
    ] as const) {
      const { world, wait, broken } = newWorld();
      const value = JSON.stringify({ snapshot: { value: 'queued', context: { job: { id: JOB } } } });
      if (what === 'known') world.committed.apply([{ type: 'put', key: '!actors!1', value }]);
      world.github.limits.setRemaining(BUDGET, remaining);
      wait(LONGEST_WAIT + 1);
      expect(broken()).toEqual(breaches);
      wait(3_600_000);
      wait(LONGEST_WAIT + 1);
      expect(broken()).toContain('every queued job is served');
    }
  });

  test('waits from when it came, not from when another one of its profile began to wait', () => {
    const { world, push, wait, broken } = newWorld();
    wait(LONGEST_WAIT);
    push();
    world.github.queue.delete(world.github.jobs.get(JOB) as Job);
    wait(LONGEST_WAIT);
    expect(broken()).toEqual([]);
    wait(1);
    expect(broken()).toEqual(['every queued job is served']);
  });

  test('is none after a trouble for as long as the trouble lasted, also for a job that came late', () => {
    const { world, push, wait, broken } = newWorld();
    const troubles = [trouble({ what: 'rightsTaken' })];
    world.github.queue.clear();
    wait(1_800_000, { troubles });
    push();
    wait(600_000, { troubles });
    wait(LONGEST_WAIT + 2_400_000);
    expect(broken()).toEqual([]);
    wait(1);
    expect(broken()).toEqual(['every queued job is served']);
  });

  test.each<[string, OngoingTrouble, string[]]>([
    ['nothing is assigned', trouble({ what: 'nothingAssigned' }), []],
    ['it is withheld', trouble({ what: 'jobWithheld' }, JOB), []],
    ['its image is denied', trouble({ what: 'imageDenied', label: 'mac' }), []],
    ['its repository takes no runners', trouble({ what: 'registrationForbidden', repository: APP }), []],
    [
      'another one is withheld',
      trouble({ what: 'jobWithheld' }, JOB + 1),
      ['nobody waits for the trouble of others'],
    ],
    [
      'another profile’s image is denied',
      trouble({ what: 'imageDenied', label: 'mac-large' }),
      ['nobody waits for the trouble of others'],
    ],
    [
      'another repository takes no runners',
      trouble({ what: 'registrationForbidden', repository: 'acme/tool' }),
      ['nobody waits for the trouble of others'],
    ],
  ])('while %s', (_what, going, expected) => {
    const { world, wait, broken } = newWorld();
    if (going.trouble.what === 'registrationForbidden') beginTrouble(world, going.trouble);
    wait(LONGEST_WAIT + 1, { troubles: [going] });
    expect(broken()).toEqual(expected);
  });

  test('while its repository, which was renamed since, takes no runners', () => {
    const { world, wait, broken } = newWorld();
    const going = trouble({ what: 'registrationForbidden', repository: APP });
    beginTrouble(world, going.trouble);
    beginTrouble(world, trouble({ what: 'repositoryRenamed', repository: APP, name: 'renamed' }).trouble);
    wait(LONGEST_WAIT + 1, { troubles: [going] });
    expect(broken()).toEqual([]);
  });
});

describe('no name twice', () => {
  test('is broken by a VM with the name of one that has run, or that is there', () => {
    for (const isThere of [true, false]) {
      const { mac, make, broken } = newWorld();
      const first = make(NAME);
      first.hasBooted = !isThere;
      if (!isThere) mac.agent.vms.delete(first.id);
      make(NAME);
      expect(broken()).toEqual(['no name twice']);
    }
  });

  test('is not broken by a VM that vanished before it ran and is made again', () => {
    const { mac, make, broken } = newWorld();
    mac.agent.vms.delete(make(NAME).id);
    make(NAME);
    expect(broken()).toEqual([]);
  });

  test.each<[string, { isThere: boolean; isJit: boolean; canUse?: boolean }, string[]]>([
    ['is there', { isThere: true, isJit: true }, ['no name twice']],
    [
      'was there, and whose configuration we got',
      { isThere: false, isJit: true, canUse: true },
      ['no name twice'],
    ],
    ['was there, and registered itself', { isThere: false, isJit: false }, ['no name twice']],
    ['was there, and nobody could ever use', { isThere: false, isJit: true }, []],
    [
      'was there, and whose process died or lost its lease before a guest got the configuration',
      { isThere: false, isJit: true, canUse: false },
      [],
    ],
  ])('a runner with the name of one that %s', (_what, { isThere, isJit, canUse }, expected) => {
    const { world, broken } = newWorld();
    const scope = { kind: 'repository', repository: ensureRepository(world.github, APP) } as const;
    const kind = { groupId: 1, labels: [], ephemeral: true, isJit, workFolder: '_work' };
    const { id } = addRunner(world.github, { ...kind, scope, name: NAME });
    if (canUse !== undefined) world.ledger.handOut(NAME, { canUse: () => canUse });
    if (!isThere) world.github.runners.delete(id);
    addRunner(world.github, { ...kind, scope, name: NAME });
    expect(broken()).toEqual(expected);
  });
});

describe('no boots without end', () => {
  const made = (pauses: readonly number[], hadJob = false) => {
    const { world, make, broken } = newWorld();
    for (const [index, pause] of pauses.entries()) {
      world.clock.advance(pause);
      const name = `gh-default-${JOB}-${index + 1}`;
      make(name);
      if (hadJob) world.ledger.hasJob(name);
    }
    return broken();
  };

  test('is broken by VMs for one job that come as fast as ever, each in vain', () => {
    expect(made([0, 1_000, 1_000])).toEqual([]);
    expect(made([0, 1_000, 1_000, 1_000])).toEqual(['no boots without end']);
    expect(made(Array(7).fill(60_000))).toEqual(['no boots without end']);
  });

  test('is kept by pauses that double, and by VMs that had a job', () => {
    expect(made([0, 0, 0, 30_000, 60_000, 120_000, 240_000])).toEqual([]);
    expect(made([0, 0, 0, 0, 0, 0], true)).toEqual([]);
  });
});

test('VMs that were made for a job and had none are counted, warm ones are not', () => {
  const { world, make } = newWorld();
  for (const name of [NAME, `gh-default-${JOB}-2`, 'gh-default-0-1795536913370', 'stranger']) make(name);
  world.ledger.hasJob(NAME);
  expect(world.ledger.count()).toEqual({ vms: 2, vmsInVain: 1 });
});

describe('a seed draws troubles', () => {
  const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

  // Some kinds have no troubles in the scenario and change what is pushed, what happens, or the runners.
  test.each(TROUBLE_KINDS)('of every kind: %s', (kind) => {
    const drawing = SEEDS.filter(
      (seed) => !isDeepStrictEqual(planScenario(seed, { kinds: [kind] }), planScenario(seed, { kinds: [] })),
    );
    expect(drawing).not.toEqual([]);
    expect(drawing.length).toBeLessThan(SEEDS.length / 2);
    const troubles = drawing.flatMap((seed) => planScenario(seed, { kinds: [kind] }).troubles);
    expect(troubles.filter(({ what }) => what !== kind)).toEqual([]);
  });

  test('without which the rest of it stays what it was', () => {
    const rest = (planned: Scenario) => {
      const { troubles, pushes, incidents, repositories, scope, manners, ...scenario } = planned;
      return { ...scenario, daemon: { ...scenario.daemon, images: null, baseVms: null, holdFailed: null } };
    };
    const common = <T>(all: T[], others: T[]) =>
      all.filter((one) => others.some((other) => isDeepStrictEqual(one, other)));
    for (const seed of SEEDS) {
      const troubled = planScenario(seed, { kinds: TROUBLE_KINDS });
      const untroubled = planScenario(seed, { kinds: [] });
      expect(rest(troubled)).toEqual(rest(untroubled));
      expect(common(troubled.pushes, untroubled.pushes)).toEqual(untroubled.pushes);
      expect(common(troubled.incidents, untroubled.incidents)).toEqual(untroubled.incidents);
    }
  });
});
