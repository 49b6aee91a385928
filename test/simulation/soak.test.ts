import { expect, test } from 'vitest';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { runScenario } from './run-scenario.ts';
import type { Push, Scenario } from './scenario.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PUSHES = 24;

/** A job every ten minutes for four hours; records are kept for one hour. */
const WORKDAY: Scenario = {
  ...CALM_SCENARIO,
  calmFrom: 4 * HOUR,
  daemon: {
    ...CALM_SCENARIO.daemon,
    mode: 'poll',
    pollInterval: MINUTE,
    hostCheckInterval: MINUTE,
    retention: HOUR,
  },
  pushes: Array.from({ length: PUSHES }, (_, index): Push => {
    const jobs = (CALM_SCENARIO.pushes[0] as Push).jobs;
    return { at: index * 10 * MINUTE, jobs, cancelAfter: null, approveAfter: null, rerunAfter: null };
  }),
};

test('the store holds what its retention says, however many jobs there were', {
  timeout: 120_000,
}, async () => {
  const { broken, asPlanned, journal, stored } = await runScenario(WORKDAY);
  expect({ broken, asPlanned }).toEqual({ broken: [], asPlanned: PUSHES });
  const times = journal.map((entry) => JSON.parse(entry).at as number);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(HOUR + 5 * MINUTE);
  expect(stored).toMatchObject({ meta: 1, settled: expect.any(Number) });
  expect(stored.actors).toBeUndefined();
  expect(stored.quarantine).toBeUndefined();
  expect(stored.settled).toBeLessThanOrEqual(7);
});
