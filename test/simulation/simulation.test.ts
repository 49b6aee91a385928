import { describe, expect, test } from 'vitest';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { planScenario } from './plan-scenario.ts';
import { RECORDED_SEEDS } from './recorded-seeds.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** Seeds that every run of the tests plays; `npm run simulate:seeds` plays as many as there is time for. */
const SLICE = Number(process.env.SIMULATED_SEEDS ?? 12);

const play = async (scenario: Scenario) => {
  const lines: string[] = [];
  const result = await runScenario(scenario, { write: (line) => lines.push(line) });
  return { ...result, trace: lines };
};

test('the same seed gives the same journal and the same trace, byte for byte', { timeout: 120_000 }, async () => {
  const [one, other] = [await play(planScenario(7)), await play(planScenario(7))];
  expect(one.journal.length).toBeGreaterThan(20);
  expect(other.journal).toEqual(one.journal);
  expect(other.trace).toEqual(one.trace);
});

test.each(Array.from({ length: SLICE }, (_, index) => index + 1))(
  'seed %i breaks no law',
  { timeout: 120_000 },
  async (seed) => {
    expect((await runScenario(planScenario(seed))).broken).toEqual([]);
  },
);

test.each(RECORDED_SEEDS)('seed $seed, which found that $found, breaks no law', { timeout: 120_000 }, async ({ seed }) => {
  expect((await runScenario(planScenario(seed))).broken).toEqual([]);
});

describe('a crash', () => {
  test('at any point of one job’s life loses and leaks nothing', { timeout: 600_000 }, async () => {
    const { points, broken, served } = await runScenario(CALM_SCENARIO);
    expect({ broken, served }).toEqual({ broken: [], served: 1 });
    const results = [];
    for (let point = 1; point <= points; point += 1) {
      const crashed = await runScenario({ ...CALM_SCENARIO, crashes: [point] });
      results.push(...crashed.broken.map((law) => ({ point, ...law })));
      if (crashed.lives < 2) results.push({ point, law: 'the point was not reached' });
    }
    expect(results).toEqual([]);
  });
});
