import { describe, expect, test } from 'vitest';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { BUDGET } from './github-budget.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { planScenario } from './plan-scenario.ts';
import { APP } from './plan-troubles.ts';
import { LONGEST_WAIT, QueueLaw } from './queue-law.ts';
import { LONGEST_BLINDNESS, LONGEST_SILENCE, ReadyLaw } from './ready-law.ts';
import { createWorld, type Mac } from './simulated-world.ts';

// A law that cannot be broken proves nothing: it gets its breaches here.

const HOUR = 3_600_000;
const LAW = 'ready only when serving';
const READY: Readiness = { ready: true, degraded: false, scopes: [] };
const NOT_READY: Readiness = { ready: false, degraded: true, reasons: ['No host takes jobs.'], scopes: [] };

const degraded = (what: string, name: string): Readiness =>
  ({ ready: true, degraded: true, scopes: [{ what, name }] }) as unknown as Readiness;

function newWorld({
  hasJob = false,
  mode = 'both' as 'both' | 'poll',
  scope = 'repository' as 'repository' | 'organization',
} = {}) {
  const scenario = { ...CALM_SCENARIO, scope, daemon: { ...CALM_SCENARIO.daemon, mode } };
  const world = createWorld(scenario, async () => ({ status: 202, body: '' }));
  const mac = world.macs.get('mac-1') as Mac;
  const [queue, ready] = [new QueueLaw(), new ReadyLaw()];
  if (hasJob) {
    const spec = { name: 'build', labels: ['mac'], group: null, needsApproval: false, steps: [] };
    pushWorkflow(world.github, ensureRepository(world.github, APP), { name: 'CI', jobs: [spec] });
  }
  return {
    world,
    mac,
    /** Looks, lets time pass, and looks again. */
    wait: (ms: number, told: Readiness | null, isDisturbed = false) => {
      for (const passes of [0, ms]) {
        world.clock.advance(passes);
        queue.look(world, isDisturbed, []);
        ready.look(world, told, queue.unmet, isDisturbed);
      }
    },
    broken: () => world.broken.all().filter(({ law }) => law === LAW).length,
  };
}

/** Makes the record of the waiting job, with the instant before which it gets no VM. */
function rest({ world }: ReturnType<typeof newWorld>, notBefore: number) {
  const [job] = [...world.github.queue];
  const context = { job: { id: job?.id, notBefore } };
  const value = JSON.stringify({ snapshot: { value: 'queued', context } });
  world.committed.apply([{ type: 'put', key: '!actors!1', value }]);
}

describe('a daemon that says that all is well while a job waits beside a free slot', () => {
  test('breaks the law, and not before its time', () => {
    const { wait, broken } = newWorld({ hasJob: true });
    wait(LONGEST_SILENCE, READY);
    expect(broken()).toBe(0);
    wait(1, READY);
    expect(broken()).toBe(1);
  });

  test.each([
    ['of its profile', degraded('profile', 'mac')],
    ['of its profile on a host', degraded('pair', 'mac on mac-1')],
    ['of its image', degraded('pull', 'ghcr.io for mac')],
    ['of its repository', degraded('registration', APP)],
    ['of its host', degraded('host', 'mac-1')],
    ['of looks at its repository', degraded('polling', `the runs of ${APP}`)],
    ['of GitHub', degraded('github', 'github')],
  ])('keeps it when it speaks %s', (_what, told) => {
    const { wait, broken } = newWorld({ hasJob: true });
    wait(LONGEST_SILENCE + 1, told);
    expect(broken()).toBe(0);
  });

  test.each([
    ['of another profile', degraded('profile', 'mac-large')],
    ['of another profile on a host', degraded('pair', 'mac-large on mac-1')],
    ['of another host', degraded('host', 'mac-2')],
    ['of looks at another repository', degraded('polling', 'the runs of acme/tool')],
    ['of another image', degraded('pull', 'ghcr.io for mac-large')],
    ['of another repository', degraded('registration', 'acme/tool')],
    ['of a new name', degraded('repository', APP)],
  ])('breaks it when it speaks only %s', (_what, told) => {
    const { wait, broken } = newWorld({ hasJob: true });
    wait(LONGEST_SILENCE + 1, told);
    expect(broken()).toBe(1);
  });

  test.each([
    ['acme', 0],
    [APP, 0],
    ['acme/tool', 1],
  ])('has to speak of its organization or its repository in that: %s', (name, expected) => {
    const { wait, broken } = newWorld({ hasJob: true, scope: 'organization' });
    wait(LONGEST_SILENCE + 1, degraded('registration', name));
    expect(broken()).toBe(expected);
  });

  test('keeps it while its job has a pause between two attempts, and while the world is disturbed', () => {
    const resting = newWorld({ hasJob: true });
    rest(resting, resting.world.clock.now() + LONGEST_PAUSE);
    resting.wait(LONGEST_SILENCE + 1, READY);
    const disturbed = newWorld({ hasJob: true });
    disturbed.wait(LONGEST_SILENCE + 1, READY, true);
    expect([resting.broken(), disturbed.broken()]).toEqual([0, 0]);
  });
});

describe('nothing can be served', () => {
  test('while every host is away: a daemon that says ready all the same breaks the law', () => {
    for (const [told, expected] of [
      [READY, 1],
      [NOT_READY, 0],
      [null, 0],
    ] as const) {
      const { mac, wait, broken } = newWorld();
      mac.isUnplugged = true;
      wait(LONGEST_BLINDNESS, told, true);
      expect(broken()).toBe(0);
      wait(1, told, true);
      expect(broken()).toBe(expected);
    }
  });

  test('while GitHub is away, unless webhooks may come', () => {
    for (const [mode, expected] of [
      ['poll', 1],
      ['both', 0],
    ] as const) {
      const { world, wait, broken } = newWorld({ mode });
      world.isGitHubUnplugged = true;
      wait(LONGEST_BLINDNESS + 1, READY, true);
      expect(broken()).toBe(expected);
    }
  });
});

describe('a daemon that says that it is not ready', () => {
  test('breaks the law in a calm world', () => {
    const { wait, broken } = newWorld();
    wait(LONGEST_WAIT, NOT_READY);
    expect(broken()).toBe(0);
    wait(1, NOT_READY);
    expect(broken()).toBe(1);
  });

  test('keeps it until GitHub’s budget is full again, and not for longer', () => {
    const { world, wait, broken } = newWorld();
    world.github.limits.setRemaining(BUDGET, 300);
    wait(HOUR, NOT_READY);
    wait(LONGEST_WAIT, NOT_READY);
    expect(broken()).toBe(0);
    wait(1, NOT_READY);
    expect(broken()).toBe(1);
    const enough = newWorld();
    enough.world.github.limits.setRemaining(BUDGET, 500);
    enough.wait(LONGEST_WAIT + 1, NOT_READY);
    expect(enough.broken()).toBe(1);
  });

  test('keeps it after a trouble, for no longer than that lasted, and an hour at most', () => {
    const { wait, broken } = newWorld();
    wait(2 * LONGEST_PAUSE, NOT_READY, true);
    wait(LONGEST_WAIT + LONGEST_PAUSE, NOT_READY);
    expect(broken()).toBe(0);
    wait(1, NOT_READY);
    expect(broken()).toBe(1);
  });
});

test('seeds draw hosts that are all gone, a GitHub that is gone, and one that never answers', () => {
  const plans = Array.from({ length: 100 }, (_, index) => planScenario(index + 1));
  const lasting = plans.flatMap(({ incidents }) =>
    incidents.filter(({ what, lasts }) => what.endsWith('Unplugged') && lasts > 2 * LONGEST_SILENCE - 1),
  );
  expect([...new Set(lasting.map(({ what }) => what))].sort()).toEqual(['githubUnplugged', 'hostUnplugged']);
  expect(
    plans.some(({ faults }) =>
      faults.some(({ fault }) => fault.route === 'GET */actions/runs' && fault.hang),
    ),
  ).toBe(true);
});
