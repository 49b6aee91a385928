import { describe, expect, test } from 'vitest';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Incident, Push, Scenario, TimedFault } from './scenario.ts';
import type { Trouble } from './trouble.ts';

// What a seed finds once in hundreds of runs; here each case is certain.

const HOUR = 3_600_000;

const always = (where: string, fault: TimedFault['fault']): TimedFault => ({
  where,
  at: 0,
  until: HOUR,
  fault,
});

test.each<[string, TimedFault]>([
  ['a create that never answers', always('mac-1', { route: 'POST /vms', hang: true, times: 1 })],
  ['a start that never answers', always('mac-1', { route: 'POST /vms/:id/start', hang: true, times: 1 })],
  ['deletes that never answer', always('mac-1', { route: 'DELETE /vms/:id', hang: true, times: 2 })],
  ['a registration whose answer is lost', always('github', { route: 'POST *', drop: 'after', times: 2 })],
])('%s holds neither job nor slot for ever', { timeout: 60_000 }, async (_what, fault) => {
  const { broken, asPlanned } = await runScenario({ ...CALM_SCENARIO, faults: [fault] });
  expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: 1 });
});

test('a job of a lost host goes on at another', { timeout: 60_000 }, async () => {
  const [mac] = CALM_SCENARIO.macs;
  const macs = ['mac-1', 'mac-2'].map((name) => ({ name, settings: mac?.settings ?? {} }));
  const lost: Incident = { what: 'hostUnplugged', mac: 'mac-1', at: 10_000, lasts: 20 * 60_000 };
  const { broken, asPlanned, lasted } = await runScenario({ ...CALM_SCENARIO, macs, incidents: [lost] });
  expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: 1 });
  expect(lasted).toBeLessThan(HOUR);
});

test('a change of the config that a full disk refuses is applied when its operator tries again', {
  timeout: 60_000,
}, async () => {
  const [push] = CALM_SCENARIO.pushes as [Push];
  const removed: Trouble = {
    what: 'configReloaded',
    how: 'labelRemoved',
    label: 'mac',
    at: 10_000,
    lasts: 60_000,
  };
  const { broken, asPlanned } = await runScenario({
    ...CALM_SCENARIO,
    pushes: [{ ...push, at: 30_000 }],
    troubles: [removed],
    incidents: [{ what: 'diskFull', at: 20_000, lasts: 2 * 60_000 }],
  });
  expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: 1 });
});

test.each([1, 2, 3])(
  'a crash around a slow create makes no second VM (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const slow = always('mac-1', { route: 'mac create *', delayMs: 40_000, times: 1 });
    const scenario = { ...CALM_SCENARIO, seed, faults: [slow] };
    const { points } = await runScenario(scenario);
    const creates = points.flatMap((what, index) => (/POST .*\/vms$/.test(what) ? [index + 1] : []));
    expect(creates).toHaveLength(3);
    for (const point of creates) {
      const { broken, asPlanned, lives } = await runScenario({ ...scenario, crashes: [point] });
      expect({ point, broken, asPlanned, lives }).toEqual({ point, broken: [], asPlanned: 1, lives: 2 });
    }
  },
);

describe('with base VMs', () => {
  const [push] = CALM_SCENARIO.pushes as [Push];
  const scenario: Scenario = {
    ...CALM_SCENARIO,
    daemon: { ...CALM_SCENARIO.daemon, baseVms: true },
    // Late enough for the bases to be ready: two jobs at the same time are two clones of one VM.
    pushes: [{ ...push, at: 180_000, jobs: [...push.jobs, ...push.jobs] }],
  };

  test.each<[string, TimedFault[]]>([
    ['two clones of one base at once', []],
    ['a clone that never answers', [always('mac-1', { route: 'POST /vms/:id/clone', hang: true, times: 1 })]],
    [
      'a base that is always busy',
      [always('mac-1', { route: '*/clone', status: 409, code: 'INVALID_STATE' })],
    ],
    ['clones that always fail', [always('mac-1', { route: 'mac clone *', status: 500 })]],
    ['clones whose answers are lost', [always('mac-1', { route: '*/clone', drop: 'after', times: 2 })]],
  ])('%s hold up no job for ever', { timeout: 60_000 }, async (_what, faults) => {
    const { broken, asPlanned } = await runScenario({ ...scenario, faults });
    expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: 2 });
  });

  test('a crash around calls that make a VM leaves none behind, and no base unfinished', {
    timeout: 600_000,
  }, async () => {
    const { points, broken } = await runScenario(scenario);
    expect(broken).toEqual([]);
    const isMaking = (what: string) =>
      /POST .*\/vms$|POST .*\/clone$|PATCH /.test(what) && !what.includes('/0000');
    const making = points.flatMap((what, index) => (isMaking(what) ? [index + 1] : []));
    expect(making.length).toBeGreaterThanOrEqual(18);
    // Each call passes three points, so every fourth one is in turn before, during and after a call.
    for (const point of making.filter((_, index) => index % 4 === 0)) {
      const { lives, asPlanned, ...crashed } = await runScenario({ ...scenario, crashes: [point] });
      const expected = { point, broken: [], asPlanned: 2, lives: 2 };
      expect({ point, broken: crashed.broken, asPlanned, lives }).toEqual(expected);
    }
  });
});
