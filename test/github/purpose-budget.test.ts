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

describe('who rests until the reset', () => {
  test.each([
    [1_000, []],
    [100, []],
    [99, ['looking for work']],
    [75, ['looking for work']],
    [74, ['rechecks', 'looking for work']],
    [50, ['rechecks', 'looking for work']],
    [49, ['serving jobs', 'rechecks', 'looking for work']],
    [0, ['serving jobs', 'rechecks', 'looking for work']],
  ])('with %i of 1000 left: %j, and teardown never', (left, who) => {
    expect(resting(budget(left))).toEqual(who);
    for (const purpose of who) expect(pausedUntil(purpose as never, budget(left), 0, NOW)).toBe(RESET);
  });

  test.each([
    [103, 5, ['looking for work']],
    [104, 5, ['looking for work']],
    [105, 5, []],
    [55, 6, ['serving jobs', 'rechecks', 'looking for work']],
  ])('with %i left and %i calls under way, those count as spent: %j', (left, underWay, who) => {
    expect(resting(budget(left, { underWay }))).toEqual(who);
  });

  test('nobody from the reset on, and nobody where no budget is known', () => {
    expect(resting(budget(0), 0, RESET)).toEqual([]);
    expect(resting(null)).toEqual([]);
  });

  test('everybody, teardown too, while GitHub asks to wait; whichever ends later counts', () => {
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
])('of %i an hour, %i left are so many calls for each purpose: %j', (limit, left, calls) => {
  expect(PURPOSES.map((purpose) => callsLeft(purpose, budget(left, { limit })))).toEqual(calls);
});
