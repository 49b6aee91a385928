import { expect, test } from 'vitest';
import {
  baseName,
  parseBaseName,
  parseResourceName,
  resourceName,
  unfinishedBaseName,
} from '../../machines/resource-name.ts';

const KEY = '1234567890123456';
// Another daemon on the same host may have the second prefix: its names begin as those of the first one's
// bases.
const PREFIXES = [
  'gh-default',
  'gh-default-base',
  `gh-default-base-${KEY}`,
  `gh-default-base-${KEY}-new`,
  'gh',
];

test('a name of a job has its id and a number of at most nine digits', () => {
  for (const number of [1, 100, 999_999_999])
    expect(parseResourceName('gh-a', resourceName('gh-a', 101, number))).toEqual({ jobId: 101, number });
  expect(parseResourceName('gh-a', resourceName('gh-a', 101, 1_000_000_000))).toBeNull();
});

test('the name of a base says its content and whether it is complete', () => {
  expect(parseBaseName('gh-a', baseName('gh-a', KEY))).toEqual({ key: KEY, isComplete: true });
  const unfinished = unfinishedBaseName('gh-a', KEY, 'mhx3k2z1');
  expect(parseBaseName('gh-a', unfinished)).toEqual({ key: KEY, isComplete: false });
});

test.each(PREFIXES)(
  'no name with the prefix %s is parsed with another prefix, or as another kind',
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
