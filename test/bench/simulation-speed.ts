import { planScenario } from '../simulation/plan-scenario.ts';
import { runScenario } from '../simulation/run-scenario.ts';
import type { BenchOptions, RowResult } from './measure.ts';

/** How fast the deterministic simulation runs: the whole daemon through days of faults. */
export async function simulation({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const began = performance.now();
  const lasts = quick ? 1 : 15_000;
  let [jobs, virtual, runs] = [0, 0, 0];
  while (performance.now() - began < lasts) {
    runs += 1;
    const result = await runScenario(planScenario(runs));
    jobs += result.jobs;
    virtual += result.lasted;
  }
  const ms = performance.now() - began;
  return {
    measures: [
      {
        name: 'simulated time to real time',
        value: virtual / ms,
        unit: '×',
        limit: null,
        beside: `${((jobs * 1000) / ms).toFixed(1)} jobs a second, ${runs} scenarios`,
      },
    ],
    skipped: [],
  };
}
