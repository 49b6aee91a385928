import { describe, expect, test } from 'vitest';
import { callsLeft, PURPOSES, pausedUntil } from '../../src/github/access/purpose-budget.ts';

const NOW = 1_000_000;
const RESET = NOW + 600_000;
const budget = (remaining: number, { limit = 1_000, underWay = 0 } = {}) => ({
  limit,
  remaining,
  resetAt: RESET,
  underWay,
});
const resting = (left: ReturnType<typeof budget> | null, blockedUntil = 0, now = NOW) =>
  PURPOSES.filter((purpose) => pausedUntil(purpose, left, blockedUntil, now) !== null);

describe('purposes that pause until the reset', () => {
  test.each([
    [1_000, []],
    [100, []],
    [99, ['looking for work']],
    [75, ['looking for work']],
    [74, ['rechecks', 'looking for work']],
    [50, ['rechecks', 'looking for work']],
    [49, ['serving jobs', 'rechecks', 'looking for work']],
    [0, ['serving jobs', 'rechecks', 'looking for work']],
  ])('with %i of 1000 left are %j, and teardown never', (left, who) => {
    expect(resting(budget(left))).toEqual(who);
    for (const purpose of who) expect(pausedUntil(purpose as never, budget(left), 0, NOW)).toBe(RESET);
  });

  test.each([
    [103, 5, ['looking for work']],
    [104, 5, ['looking for work']],
    [105, 5, []],
    [55, 6, ['serving jobs', 'rechecks', 'looking for work']],
  ])('with %i left and %i calls under way, which count as spent, are %j', (left, underWay, who) => {
    expect(resting(budget(left, { underWay }))).toEqual(who);
  });

  test('are none from the reset on, and none when no budget is known', () => {
    expect(resting(budget(0), 0, RESET)).toEqual([]);
    expect(resting(null)).toEqual([]);
  });

  test('are all, teardown too, while GitHub asks to wait, and the later of the two ends counts', () => {
    expect(resting(null, NOW + 1)).toEqual([...PURPOSES]);
    expect(pausedUntil('teardown', budget(0), NOW + 30_000, NOW)).toBe(NOW + 30_000);
    expect(pausedUntil('rechecks', budget(0), NOW + 30_000, NOW)).toBe(RESET);
    expect(pausedUntil('rechecks', budget(0), RESET + 1, NOW)).toBe(RESET + 1);
    expect(resting(budget(1_000), NOW, NOW)).toEqual([]);
  });
});

test.each([
  [60, 60, [60, 58, 56, 55]],
  [60, 6, [6, 4, 2, 1]],
  [60, 5, [5, 3, 1, 0]],
  [60, 3, [3, 1, 0, 0]],
  [60, 2, [2, 0, 0, 0]],
])('with a limit of %i an hour and %i left, the purposes may make %j calls', (limit, left, calls) => {
  expect(PURPOSES.map((purpose) => callsLeft(purpose, budget(left, { limit })))).toEqual(calls);
});
