import { expect, test } from 'vitest';
import { randomSource } from '../../src/cli/simulation/random-source.ts';
import { printable, textTable } from '../../src/cli/terminal/terminal-text.ts';

test('a name from outside cannot move the cursor or change the title of the window', () => {
  const bad = '\ufffd';
  expect(printable('a\x1b[2J\x07b\r\n\u202ec')).toBe(`a${bad}[2J${bad}b${bad}${bad}${bad}c`);
});

test('columns are as wide as their widest cell, and lines have no spaces at their end', () => {
  expect(
    textTable([
      ['A', 'B', 'C'],
      ['long', '', ''],
      ['x', 'ünï', 'z'],
    ]),
  ).toEqual(['A     B    C', 'long', 'x     ünï  z']);
});

test('random numbers are the same for the same seed, and differ for another', () => {
  const draw = (seed?: number) => Array.from({ length: 5 }, randomSource(seed));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
});
