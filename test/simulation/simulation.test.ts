import { expect, test } from 'vitest';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { planScenario } from './plan-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

// What fits into every test run. `npm run simulate:seeds` plays more seeds and, with --every-crash, all
// points.
const SEEDS = 6;
const EVERY_NTH_POINT = 31;
const PATIENCE = { timeout: 300_000 };

async function played(scenario: Scenario) {
  const trace: string[] = [];
  const result = await runScenario(scenario, { write: (line) => trace.push(line) });
  return { ...result, trace };
}

test('the same seed gives the same journal and the same trace, byte for byte', PATIENCE, async () => {
  const scenario = planScenario(30);
  const [one, other] = [await played(scenario), await played(scenario)];
  expect(one.journal.length).toBeGreaterThan(10);
  expect(other.journal).toEqual(one.journal);
  expect(other.trace).toEqual(one.trace);
});

test('another seed gives another trace', PATIENCE, async () => {
  expect((await played({ ...CALM_SCENARIO, seed: 2 })).trace).not.toEqual(
    (await played(CALM_SCENARIO)).trace,
  );
});

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  'seed %i breaks no law',
  PATIENCE,
  async (seed) => {
    expect((await runScenario(planScenario(seed))).broken).toEqual([]);
  },
);

test('a crash at any point of one job’s life loses and leaks nothing', PATIENCE, async () => {
  const { points, broken, asPlanned } = await runScenario(CALM_SCENARIO);
  expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: 1 });
  const crashes = [];
  // The last point is passed when the world has come to rest, and nothing follows it.
  for (let point = 1; point < points.length; point += EVERY_NTH_POINT) {
    const { lives, ...crashed } = await runScenario({ ...CALM_SCENARIO, crashes: [point] });
    crashes.push({ point, lives, broken: crashed.broken, asPlanned: crashed.asPlanned });
  }
  expect(crashes.filter((one) => one.broken.length > 0 || one.asPlanned !== 1 || one.lives !== 2)).toEqual(
    [],
  );
});
