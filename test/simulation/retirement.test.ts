import { expect, test } from 'vitest';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Push, Scenario } from './scenario.ts';

/** Milliseconds that GitHub takes to assign a job to a matching runner. */
const ASSIGNMENT = 10_000;

const push = (at: number, cancelAfter: number | null = null): Push => ({
  at,
  jobs: [{ label: 'mac', lasts: 90_000, conclusion: 'success', needsApproval: false }],
  cancelAfter,
  approveAfter: null,
  rerunAfter: null,
});

/** A job that is cancelled when its runner is online and has not got it yet: the runner is retired. */
const CANCELLED: Scenario = {
  ...CALM_SCENARIO,
  // Every delay is fixed, so that the second job does not change the timing of the first one's runner.
  hop: [20, 20],
  clock: { aheadBy: 0, settings: [] },
  slowestWrite: 0,
  macs: [
    {
      name: 'mac-1',
      settings: { sshPorts: { start: 2222, end: 2223 }, latencies: { start: 60, nat: 60, sshd: 200 } },
    },
  ],
  daemon: { ...CALM_SCENARIO.daemon, mode: 'webhook', recheckInterval: 600_000 },
  // A DELETE succeeds in the middle of a job while `busy` is out of date, and no webhook reports the start.
  github: { deletionTrustsBusy: true, timings: { assignment: ASSIGNMENT, busyLag: 60_000 } },
  faults: [
    {
      where: 'github',
      at: 0,
      until: 3_600_000,
      fault: { route: 'webhook workflow_job in_progress', drop: 'before' },
    },
  ],
};

async function instantOf(scenario: Scenario, what: RegExp): Promise<number> {
  const lines: string[] = [];
  await runScenario(scenario, { write: (line) => lines.push(line) });
  const line = lines.find((one) => what.test(one));
  if (line === undefined) throw new Error(`the run never came to ${what}`);
  return Math.round(Number.parseFloat(line) * 1000);
}

test('a job that GitHub gives to a runner at any instant of its retirement is not killed', {
  timeout: 300_000,
}, async () => {
  const online = await instantOf({ ...CANCELLED, pushes: [push(1_000)] }, /→ running\.idle/);
  const first = push(1_000, online - 1_000 + 3_000);
  const retired = await instantOf({ ...CANCELLED, pushes: [first] }, /→ running\.retiring/);
  const removed = await instantOf({ ...CANCELLED, pushes: [first] }, /github: DELETE .*runners.* → 204/);

  const outcomes = [];
  for (let given = retired - 100; given <= removed + 100; given += 10) {
    const second = push(given - ASSIGNMENT);
    const { broken, jobs, asPlanned } = await runScenario({ ...CANCELLED, pushes: [first, second] });
    outcomes.push({ given, broken, jobs, asPlanned });
  }
  expect(outcomes.length).toBeGreaterThan(20);
  expect(outcomes.filter(({ broken, asPlanned }) => broken.length > 0 || asPlanned !== 1)).toEqual([]);
});
