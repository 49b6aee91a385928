import { expect, test } from 'vitest';
import { clock } from '../../src/format.js';
import { piecesOf, stripWords } from '../../src/page/hosts/host-strip.js';

const stays = [
  { state: 'healthy', from: 1_000 },
  { state: 'unreachable', from: 61_000 },
  { state: 'healthy', from: 71_000 },
];

test('a strip is cut at the edges of its span, and its last piece lasts until now', () => {
  expect(piecesOf(stays, 31_000, 91_000)).toEqual([
    { state: 'healthy', from: 31_000, to: 61_000 },
    { state: 'unreachable', from: 61_000, to: 71_000 },
    { state: 'healthy', from: 71_000, to: 91_000 },
  ]);
  expect(piecesOf(stays, 80_000, 90_000)).toEqual([{ state: 'healthy', from: 80_000, to: 90_000 }]);
  expect(piecesOf(stays, 0, 900)).toEqual([]);
});

test('the strip has a description in words', () => {
  expect(stripWords('mini', piecesOf(stays, 31_000, 91_000))).toBe(
    `mini since ${clock(31_000)}: healthy 50 s in 2 stays, unreachable 10 s`,
  );
  expect(stripWords('mini', [])).toBe('mini: there is no data for this time');
});
