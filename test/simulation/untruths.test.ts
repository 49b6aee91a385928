import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { Committed } from './committed.ts';
import { spoilRows } from './untruths.ts';

test('rows are damaged only in a store that a life has begun', () => {
  const committed = new Committed();
  expect(spoilRows(committed, new Chance(1, 'untruths'))).toEqual([]);
  committed.apply([{ type: 'put', key: '!meta!format', value: '1' }]);
  expect(spoilRows(committed, new Chance(1, 'untruths'))).not.toEqual([]);
});
