import { expect, test } from 'vitest';
import { Successes } from '../src/successes.ts';
import { ManualClock } from './support/manual-clock.ts';

test('an age counts from the last success of each thing, and what never went well has none', () => {
  const clock = new ManualClock();
  const successes = new Successes(clock);
  successes.note('a');
  clock.advance(5_000);
  successes.note('b');
  clock.advance(1_000);
  expect(['a', 'b', 'c'].map((what) => successes.age(what))).toEqual([6_000, 1_000, null]);
  successes.note('a');
  expect(successes.age('a')).toBe(0);
});
