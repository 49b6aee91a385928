import { expect, test } from 'vitest';
import { mayBeSentAt, recent, retryPause } from '../../src/notices/pace.ts';

const MINUTE = 60_000;
const gentle = { retryAfter: null, isRefusal: false };

test('the first notice waits twenty seconds for others, and a message a minute for the one before', () => {
  expect(mayBeSentAt(1_000, [], 1_000)).toBe(21_000);
  expect(mayBeSentAt(2 * MINUTE, [2 * MINUTE - 5_000], 2 * MINUTE)).toBe(3 * MINUTE - 5_000);
});

test('in a storm messages come ten minutes apart, until the last hour was calm', () => {
  const storm = Array.from({ length: 10 }, (_, n) => n * MINUTE);
  expect(mayBeSentAt(10 * MINUTE, storm, 10 * MINUTE)).toBe(19 * MINUTE);
  const later = 62 * MINUTE;
  expect(mayBeSentAt(later, storm, later)).toBe(later + 20_000);
  expect(recent(storm, later)).toEqual(storm.slice(3));
});

test('tries come further apart, at most a quarter of an hour, and as late as the receiver asks, at most an hour', () => {
  expect([1, 2, 3, 20].map((n) => retryPause(n, gentle) / 1_000)).toEqual([5, 10, 20, 900]);
  expect(retryPause(1, { retryAfter: 120_000, isRefusal: false })).toBe(120_000);
  expect(retryPause(1, { retryAfter: 1e12, isRefusal: false })).toBe(60 * MINUTE);
  expect(retryPause(1, { retryAfter: null, isRefusal: true })).toBe(15 * MINUTE);
});
