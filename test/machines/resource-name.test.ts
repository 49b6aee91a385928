import { expect, test } from 'vitest';
import {
  baseName,
  parseBaseName,
  parseResourceName,
  resourceName,
  unfinishedBaseName,
} from '../../machines/resource-name.ts';

const KEY = '1234567890123456';
// The second is what another daemon may have that shares the host: its names begin as those of the first's bases do.
const PREFIXES = [
  'gh-default',
  'gh-default-base',
  `gh-default-base-${KEY}`,
  `gh-default-base-${KEY}-new`,
  'gh',
];

test('the names of a job say its id and their number, which has nine digits at most', () => {
  for (const number of [1, 100, 999_999_999])
    expect(parseResourceName('gh-a', resourceName('gh-a', 101, number))).toEqual({ jobId: 101, number });
  expect(parseResourceName('gh-a', resourceName('gh-a', 101, 1_000_000_000))).toBeNull();
});

test('a base says what it holds, and whether it is complete', () => {
  expect(parseBaseName('gh-a', baseName('gh-a', KEY))).toEqual({ key: KEY, isComplete: true });
  const unfinished = unfinishedBaseName('gh-a', KEY, 'mhx3k2z1');
  expect(parseBaseName('gh-a', unfinished)).toEqual({ key: KEY, isComplete: false });
});

test.each(PREFIXES)(
  'no name of a daemon with the prefix %s is read by another, or as another kind',
  (prefix) => {
    const names = [baseName(prefix, KEY), unfinishedBaseName(prefix, KEY, '1')];
    for (const name of names) {
      for (const other of PREFIXES) {
        expect([name, other, parseResourceName(other, name)]).toEqual([name, other, null]);
        if (other !== prefix) expect([name, other, parseBaseName(other, name)]).toEqual([name, other, null]);
      }
    }
    for (const other of PREFIXES) {
      const jobs = resourceName(prefix, Number(KEY), 1);
      expect([jobs, other, parseBaseName(other, jobs)]).toEqual([jobs, other, null]);
    }
  },
);
