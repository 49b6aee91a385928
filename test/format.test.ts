import { expect, test } from 'vitest';
import { age, counted, day, instant, span } from '../src/format.js';

test.each([
  [-5, '0 ms'],
  [340, '340 ms'],
  [4_200, '4.2 s'],
  [5_000, '5 s'],
  [9_960, '10 s'],
  [45_000, '45 s'],
  [125_000, '2 min 5 s'],
  [300_000, '5 min'],
  [3_600_000, '1 h'],
  [7_800_000, '2 h 10 min'],
  [187_200_000, '2 d'],
])('a span of %i ms is written as %s', (ms, written) => {
  expect(span(ms)).toBe(written);
});

test.each([
  [-5, '0 s'],
  [45_000, '45 s'],
  [200_000, '3 min'],
  [7_800_000, '2 h'],
  [187_200_000, '2 d'],
])('an age of %i ms is written as %s in a list', (ms, written) => {
  expect(age(ms)).toBe(written);
});

test('one is counted in the singular, and an irregular plural is given', () => {
  expect([counted(1, 'job'), counted(0, 'job'), counted(2, 'job')]).toEqual(['1 job', '0 jobs', '2 jobs']);
  expect(counted(2, 'delivery', 'deliveries')).toBe('2 deliveries');
});

test('an instant and a day say the same in every time zone', () => {
  const at = Date.UTC(2026, 10, 25, 14, 5, 9, 730);
  expect(instant(at)).toBe('2026-11-25 14:05:09 UTC');
  expect(day(at)).toBe('2026-11-25');
});
